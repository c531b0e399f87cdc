import Intrinsics
import Kernel
import KernelLogic

/// The least that a kernel can say: bytes to video memory, a character and its colour in turn (IBM VGA technical reference, "Attribute Byte").
@Sendable func hello() {
  let text: StaticString = "Hello World!"
  let lightCyan = UInt16(Color.lightCyan.rawValue) << 8
  let screen = PhysicalMemory.linearAddress(of: PhysicalAddress(0xb8000)).rawValue
  for index in 0..<text.utf8CodeUnitCount {
    storeVolatile16(screen + UInt64(index) * 2, lightCyan | UInt16(text.utf8Start[index]))
  }
}

/// The end of a kernel that cannot go on.
@Sendable func fail() { panic("Some panic message") }

/// Never ends: what runs it must set a limit.
@Sendable func loop() {
  println("looping")
  while true {}
}
