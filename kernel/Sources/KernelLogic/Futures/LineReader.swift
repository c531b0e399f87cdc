/// Gathers characters into a line: an `async` function with a loop and a local variable, written out as the state machine it is
/// (Swift Evolution SE-0296 "Async/await", "Suspension points").
///
///     func readLine() async -> [UInt8] {              // as the compiler would be given it
///       var line: [UInt8] = []
///       while true {
///         let character = await nextCharacter()       // the one place where it can wait
///         if character == newLine { return line }
///         line.append(character)
///       }
///     }
///
/// The variable lives across the wait, so it is a stored property; the place in the loop needs none, as there is only one.
package struct LineReader<Characters: Future & ~Copyable>: Future, ~Copyable where Characters.Output == UInt8 {
  private var line: [UInt8] = []
  private var waitingFor: Characters?
  private let nextCharacter: () -> Characters

  package init(_ nextCharacter: @escaping () -> Characters) { self.nextCharacter = nextCharacter }

  package mutating func poll(_ waker: Waker) -> Poll<[UInt8]> {
    while true {
      if waitingFor == nil { waitingFor = nextCharacter() }
      guard case .ready(let character) = waitingFor!.poll(waker) else { return .pending }
      waitingFor = nil
      if character == UInt8(ascii: "\n") { return .ready(line) }
      line.append(character)
    }
  }
}
