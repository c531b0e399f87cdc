/// Where Swift's own `print`, and the message of a failed precondition in a build without optimization, go (ISO C 7.21.7.8).
@c(putchar)
func putCharacter(_ character: Int32) -> Int32 {
  Console.write(UInt8(truncatingIfNeeded: character))
  return character
}
