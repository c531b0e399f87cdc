import Intrinsics

/// Segments, which long mode has almost none of, and the task-state segment with its stacks
/// (Intel SDM vol. 3A, 3.4.5 "Segment Descriptors", 8.2.3 "TSS Descriptor in 64-bit mode", 8.7 "Task Management in 64-bit Mode").
enum GlobalDescriptorTable {
  static let kernelCode: UInt16 = 0x08
  static let kernelData: UInt16 = 0x10
  /// The order that SYSRET wants: user data before user code.
  static let userData: UInt16 = 0x18
  static let userCode: UInt16 = 0x20
  private static let taskState: UInt16 = 0x28

  private static let kernelCodeDescriptor: UInt64 = 0x00af_9a00_0000_ffff
  private static let kernelDataDescriptor: UInt64 = 0x00cf_9200_0000_ffff
  private static let userDataDescriptor: UInt64 = 0x00cf_f200_0000_ffff
  private static let userCodeDescriptor: UInt64 = 0x00af_fa00_0000_ffff

  /// The stacks of the interrupt stack table (IST), numbered as the processor does, from 1.
  enum Stack: UInt8 {
    /// No switch: the handler runs on the stack it interrupted.
    case current = 0
    /// Hardware interrupts switch stacks, so that the 128 bytes below rsp that precompiled library code may use
    /// (its "red zone") survive. They never nest, as their handlers keep interrupts off.
    case hardwareInterrupt = 1
    case doubleFault = 2
    case nonMaskableInterrupt = 3
    case machineCheck = 4
  }

  // Byte offsets in the 64-bit TSS (figure 8-11).
  private static let privilegeStackOffset: UInt64 = 4
  private static let interruptStackTableOffset: UInt64 = 36
  private static let ioMapBaseOffset: UInt64 = 102
  private static let taskStateByteCount: UInt64 = 104

  private static let fsBaseRegister: UInt32 = 0xc000_0100

  static func load() {
    fillTaskState()
    let table = globalDescriptorTableAddress()
    let taskStateBase = taskStateSegmentAddress()
    setDescriptor(kernelCodeDescriptor, kernelCode)
    setDescriptor(kernelDataDescriptor, kernelData)
    setDescriptor(userDataDescriptor, userData)
    setDescriptor(userCodeDescriptor, userCode)
    // Present, type 9: an available 64-bit TSS. Its base is spread over two entries.
    let low =
      (taskStateByteCount - 1) | (taskStateBase & 0xff_ffff) << 16 | 0x89 << 40 | (taskStateBase >> 24 & 0xff) << 56
    setDescriptor(low, taskState)
    setDescriptor(taskStateBase >> 32, taskState + 8)
    loadGlobalDescriptorTable(table, taskState + 16 - 1)
    loadSegments(kernelCode, kernelData)
    loadTaskRegister(taskState)
    // Precompiled library code may read its stack canary at fs:0x28: any readable memory will do.
    writeModelSpecificRegister(fsBaseRegister, taskStateBase)
  }

  private static func setDescriptor(_ descriptor: UInt64, _ selector: UInt16) {
    storeVolatile64(globalDescriptorTableAddress() + UInt64(selector), descriptor)
  }

  private static func fillTaskState() {
    let base = taskStateSegmentAddress()
    // RSP0: where an exception in ring 3 leads, unless its gate names a stack.
    storeVolatile64(base + privilegeStackOffset, privilegeStackTopAddress())
    setStack(.hardwareInterrupt, top: interruptStackTopAddress())
    setStack(.doubleFault, top: doubleFaultStackTopAddress())
    setStack(.nonMaskableInterrupt, top: nonMaskableInterruptStackTopAddress())
    setStack(.machineCheck, top: machineCheckStackTopAddress())
    // An I/O map base at the limit means: no map, ring 3 may use no port.
    storeVolatile16(base + ioMapBaseOffset, UInt16(taskStateByteCount))
  }

  private static func setStack(_ stack: Stack, top: UInt64) {
    let offset = interruptStackTableOffset + UInt64(stack.rawValue - 1) * 8
    storeVolatile64(taskStateSegmentAddress() + offset, top)
  }
}
