/// What a command has to say: its output, notes for the person at the side, and the exit code.
struct CommandResult {
  var output = ""
  var notes: [String] = []
  var code: Int32 = 0
}
