import Intrinsics
import Kernel
import KernelLogic

/// Reads commands from the keyboard and the serial port, or from `run="…; …"` on the boot command line, and runs them.
enum Shell {
  private static let prompt: StaticString = "ready> "

  static func start(_ options: BootOptions) -> Never {
    if let script = options.value(of: "run") {
      for command in CommandText.split(script: Array(script)) where !command.words.isEmpty {
        println("\(prompt)\(command.line)")
        run(command)
      }
    }
    readCommands()
  }

  /// A command that raises an exception is given up; the shell goes on.
  private static func run(_ command: CommandText) {
    guard let name = command.words.first else { return }
    guard let entry = Command.all.first(where: { $0.name == name }) else {
      println("unknown command: \(name); try help")
      return
    }
    if !Recovery.attempt({ entry.run(command) }) { println("\(name): given up") }
  }

  private static func readCommands() -> Never {
    var editor = LineEditor()
    var decoder = ScanCodeDecoder()
    print("\(prompt)")
    while true {
      switch editor.type(nextCharacter(&decoder)) {
      case .echo(let character): Console.write(character)
      case .eraseLast: Console.eraseLast()
      case .ignore: break
      case .submit(let line):
        println()
        run(CommandText(line))
        print("\(prompt)")
      }
    }
  }

  /// Sleeps until a character is typed, on either device.
  private static func nextCharacter(_ decoder: inout ScanCodeDecoder) -> UInt8 {
    while true {
      while let code = Keyboard.nextScanCode() {
        if case .character(let character) = decoder.decode(code) { return character }
      }
      if let byte = SerialInput.nextByte() { return byte }
      // A code that arrives between the look and the sleep ends the sleep: interrupts are off until `hlt`.
      disableInterrupts()
      if Keyboard.hasScanCode || SerialInput.hasByte {
        enableInterrupts()
      } else {
        enableInterruptsAndHalt()
      }
    }
  }
}
