import OrreryCommands

@main
struct Main {
  static func main() { OrreryProgram.main(CommandLine.arguments) }
}
