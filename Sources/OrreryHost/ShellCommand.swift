/// A command for the POSIX shell, run to its end in a folder of its own.
public struct ShellCommand: Hashable, Sendable {
  /// What the shell is given.
  public var text: String
  /// The folder it is run in.
  public var folder: String
  /// Variables that are taken away from the environment that it inherits.
  public var withoutVariables: [String] = []

  public init(_ text: String, in folder: String) {
    self.text = text
    self.folder = folder
  }

  /// How a command ended.
  public struct Result: Hashable, Sendable {
    /// The exit code; 128 and the signal's number when a signal ended it, as shells say it.
    public var code: Int32
    /// The last bytes of what it wrote, standard output and error as they came.
    public var output: [UInt8]
  }

  /// Runs the command with nothing to read, and waits for it.
  public func run() throws(HostError) -> Result { try run(isGroup: false, isCancelled: { false }) }

  /// The same, in a process group of its own, which ends when `isCancelled` says so.
  public func run(isCancelled: () -> Bool) throws(HostError) -> Result {
    try run(isGroup: true, isCancelled: isCancelled)
  }

  private func run(isGroup: Bool, isCancelled: () -> Bool) throws(HostError) -> Result {
    var shell = ChildProgram("/bin/sh", ["-c", text], in: folder)
    shell.joinsError = true
    shell.isGroup = isGroup
    shell.environment = withoutVariables.map { ($0, nil) }
    let result = try shell.run(isCancelled: isCancelled)
    return Result(code: result.code, output: result.output)
  }
}
