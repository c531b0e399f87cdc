import Intrinsics

/// Where each vector leads (Intel SDM vol. 3A, 6.14.1 "64-Bit Mode IDT").
package enum InterruptDescriptorTable {
  private static let vectorCount = 256
  private static let gateByteCount: UInt64 = 16
  private static let stubByteCount: UInt64 = 16
  /// Present, ring 0, type 14: an interrupt gate, which turns interrupts off.
  private static let interruptGate: UInt64 = 0x8e00
  private static let userCallable: UInt64 = 0x6000

  static func load() {
    for vector in 0..<vectorCount { setGate(UInt8(vector)) }
    loadInterruptDescriptorTable(interruptDescriptorTableAddress(), UInt16(vectorCount) * 16 - 1)
  }

  /// Lets a double fault stay on the stack that it came from, which is how a kernel ends that forgot its stack: for a program that
  /// shows it.
  package static func forgetDoubleFaultStack() {
    let gate = interruptDescriptorTableAddress() + UInt64(Exception.doubleFault.rawValue) * gateByteCount
    storeVolatile64(gate, loadVolatile64(gate) & ~(7 << 32))
  }

  /// Has debug exceptions leave the stack that they come on as it is. They share the stack of hardware interrupts: neither comes while the other is
  /// served.
  static func keepStackAtDebugExceptions() {
    let gate = interruptDescriptorTableAddress() + UInt64(Exception.debug.rawValue) * gateByteCount
    storeVolatile64(gate, loadVolatile64(gate) | UInt64(GlobalDescriptorTable.Stack.hardwareInterrupt.rawValue) << 32)
  }

  private static func setGate(_ vector: UInt8) {
    let handler = interruptStubsAddress() + UInt64(vector) * stubByteCount
    let gate = interruptDescriptorTableAddress() + UInt64(vector) * gateByteCount
    var attributes = interruptGate | UInt64(stack(for: vector).rawValue)
    // Only INT3 and INTO may be raised by a program in ring 3.
    if vector == Exception.breakpoint.rawValue || vector == Exception.overflow.rawValue { attributes |= userCallable }
    let low =
      handler & 0xffff | UInt64(GlobalDescriptorTable.kernelCode) << 16 | attributes << 32
      | (handler >> 16 & 0xffff) << 48
    storeVolatile64(gate, low)
    storeVolatile64(gate + 8, handler >> 32)
  }

  private static func stack(for vector: UInt8) -> GlobalDescriptorTable.Stack {
    switch vector {
    case Exception.doubleFault.rawValue: .doubleFault
    case Exception.nonMaskableInterrupt.rawValue: .nonMaskableInterrupt
    case Exception.machineCheck.rawValue: .machineCheck
    case 32...: .hardwareInterrupt
    default: .current
    }
  }
}
