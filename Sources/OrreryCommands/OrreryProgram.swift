import ArgumentParser
import OrreryHost

/// The whole tool as a function from arguments to an exit code, so that tests can call it.
public enum OrreryProgram {
  /// What every kind of trouble exits with, as `diff` does.
  static let trouble: Int32 = 2
  /// What it exits with when it cannot tell: `git bisect run` passes over such a commit.
  static let undecided: Int32 = 125

  /// Runs the tool and ends the process.
  public static func main(_ arguments: [String]) -> Never {
    HostProcess.prepare()
    let code = run(arguments)
    OrreryCommand.exit(withError: ExitCode(code))
  }

  /// Runs the tool with `arguments`, the first of them its own name, and gives its exit code.
  public static func run(_ arguments: [String]) -> Int32 {
    var code = execute(arguments)
    // Git would blame the commit for any trouble below 128.
    if code == trouble, BisectStep.isAsked(by: arguments) { code = BisectStep.trouble }
    let console = Console.current
    guard let failure = console.outputFailure else { return code }
    console.note("error: \(failure)")
    console.note("reproduce: \(Reproduction.command(arguments))")
    return BisectStep.isAsked(by: arguments) ? BisectStep.trouble : trouble
  }

  private static func execute(_ arguments: [String]) -> Int32 {
    let console = Console.current
    do {
      var command = try parse(Array(arguments.dropFirst()))
      try command.run()
      return 0
    } catch let failure as CommandFailure {
      console.note(failure.text)
      console.note("reproduce: \(Reproduction.command(Reproduction.choosing(failure.chosenValue, in: arguments)))")
      return failure.code
    } catch let code as ExitCode {
      // The exit code of `run` is the kernel's.
      if code.rawValue != 0, arguments.dropFirst().first != "run" {
        console.note("reproduce: \(Reproduction.command(arguments))")
      }
      return code.rawValue
    } catch {
      let isHelp = OrreryCommand.exitCode(for: error).isSuccess
      let message = OrreryCommand.fullMessage(for: error)
      if isHelp { console.output(message + "\n") } else { console.error(lowercased(message) + "\n") }
      return isHelp ? 0 : trouble
    }
  }

  /// The command that `arguments` ask for.
  ///
  /// One that is named first is parsed by itself, in a third of the time that the whole tool with its other commands takes, which is a good part of
  /// a short run. What it does not take (help, versions, completion scripts, mistakes) the whole tool does, or puts in words.
  private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
    let commands = OrreryCommand.configuration.subcommands
    if let named = commands.first(where: { $0._commandName == arguments.first }),
      let command = try? named.parseAsRoot(Array(arguments.dropFirst())), type(of: command) == named
    {
      return command
    }
    return try OrreryCommand.parseAsRoot(arguments)
  }

  /// Every error begins the same way, whoever found it.
  private static func lowercased(_ message: String) -> String {
    message.hasPrefix("Error: ") ? "error: " + message.dropFirst(7) : message
  }
}
