import Kernel
import KernelLogic

func help(_ command: CommandText) {
  for command in Command.all { println("  \(command.usage)") }
}

/// Writes a word in each of the 16 colours.
func colors(_ command: CommandText) {
  for color in Color.allCases {
    Console.setColor(foreground: color, background: color == .black ? .lightGray : .black)
    print("Orrery ")
  }
  Console.setColor(foreground: .lightGray, background: .black)
  println()
}
