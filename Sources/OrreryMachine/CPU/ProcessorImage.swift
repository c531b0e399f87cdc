internal import OrreryBase

/// The processor's state as bytes: all that is architectural, with flags computed, in one fixed order. Checkpoints and the state hash share it.
enum ProcessorImage {
  static func append(_ cpu: CPU, to writer: inout ByteWriter) {
    writer.append(fixed: cpu.pointee.clock)
    for index in 0..<16 { writer.append(fixed: cpu.pointee.gpr[index]) }
    writer.append(fixed: cpu.pointee.rip)
    writer.append(fixed: cpu.flags)
    writer.append(cpu.pointee.shadow.rawValue)
    writer.append(cpu.pointee.blocksNMI)
    writer.append(cpu.pointee.isHalted)
    for index in 0..<6 { append(cpu.pointee.segments[index], to: &writer) }
    append(cpu.pointee.ldtr, to: &writer)
    append(cpu.pointee.tr, to: &writer)
    for table in [cpu.pointee.gdtr, cpu.pointee.idtr] {
      writer.append(fixed: table.base)
      writer.append(fixed: table.limit)
    }
    for path in words { writer.append(fixed: cpu.pointee[keyPath: path]) }
    for index in 0..<8 { writer.append(fixed: cpu.pointee.debugRegisters[index]) }
    writer.append(cpu.pointee.cpl)
    for index in 0..<16 {
      writer.append(fixed: cpu.pointee.xmm[index].x)
      writer.append(fixed: cpu.pointee.xmm[index].y)
    }
    writer.append(fixed: cpu.pointee.mxcsr)
    for index in 0..<8 {
      writer.append(fixed: cpu.pointee.fpuSignificands[index])
      writer.append(fixed: cpu.pointee.fpuExponents[index])
    }
    writer.append(fixed: cpu.pointee.fpuControl)
    writer.append(fixed: cpu.pointee.fpuStatus)
    writer.append(fixed: cpu.pointee.fpuTags)
  }

  /// The pointers to the last x87 instruction, which came later than `append`.
  static func appendX87Pointers(_ cpu: CPU, to writer: inout ByteWriter) {
    for pointer in [cpu.pointee.fpuInstruction, cpu.pointee.fpuData] {
      writer.append(fixed: pointer.offset)
      writer.append(fixed: pointer.selector)
    }
    writer.append(fixed: cpu.pointee.fpuOpcode)
  }

  /// What the state hash covers: the pointers of x87 only while they are in use, so that no hash of an older trace changes.
  static func hash(_ cpu: CPU, into writer: inout ByteWriter) {
    append(cpu, to: &writer)
    let isIdle =
      cpu.pointee.fpuInstruction == X87Pointer() && cpu.pointee.fpuData == X87Pointer() && cpu.pointee.fpuOpcode == 0
    if !isIdle { appendX87Pointers(cpu, to: &writer) }
    appendTLB(cpu, to: &writer)
  }

  /// The TLBs of `tlb=stale`, which no other machine has.
  static func appendTLB(_ cpu: CPU, to writer: inout ByteWriter) { cpu.modelledTLB?.pointee.append(to: &writer) }

  static func restoreTLB(_ cpu: CPU, from reader: inout ByteReader) throws(ByteCodingError) {
    try cpu.modelledTLB?.pointee.restore(from: &reader)
  }

  static func restore(_ cpu: CPU, from reader: inout ByteReader) throws(ByteCodingError) {
    cpu.pointee.clock = try reader.fixed()
    for index in 0..<16 { cpu.pointee.gpr[index] = try reader.fixed() }
    cpu.pointee.rip = try reader.fixed()
    cpu.setFlags(try reader.fixed())
    guard let shadow = InterruptShadow(rawValue: try reader.byte()) else {
      throw ByteCodingError(offset: reader.offset, reason: "no such interrupt shadow")
    }
    cpu.pointee.shadow = shadow
    cpu.pointee.blocksNMI = try reader.flag()
    cpu.pointee.isHalted = try reader.flag()
    for index in 0..<6 { cpu.pointee.segments[index] = try segment(from: &reader) }
    cpu.pointee.ldtr = try segment(from: &reader)
    cpu.pointee.tr = try segment(from: &reader)
    cpu.pointee.gdtr = DescriptorTableRegister(base: try reader.fixed(), limit: try reader.fixed())
    cpu.pointee.idtr = DescriptorTableRegister(base: try reader.fixed(), limit: try reader.fixed())
    for path in words { cpu.pointee[keyPath: path] = try reader.fixed() }
    for index in 0..<8 { cpu.pointee.debugRegisters[index] = try reader.fixed() }
    cpu.pointee.cpl = try reader.byte()
    for index in 0..<16 { cpu.pointee.xmm[index] = SIMD2(try reader.fixed(), try reader.fixed()) }
    cpu.pointee.mxcsr = try reader.fixed()
    for index in 0..<8 {
      cpu.pointee.fpuSignificands[index] = try reader.fixed()
      cpu.pointee.fpuExponents[index] = try reader.fixed()
    }
    cpu.pointee.fpuControl = try reader.fixed()
    cpu.pointee.fpuStatus = try reader.fixed()
    cpu.pointee.fpuTags = try reader.fixed()
  }

  static func restoreX87Pointers(_ cpu: CPU, from reader: inout ByteReader) throws(ByteCodingError) {
    cpu.pointee.fpuInstruction = X87Pointer(offset: try reader.fixed(), selector: try reader.fixed())
    cpu.pointee.fpuData = X87Pointer(offset: try reader.fixed(), selector: try reader.fixed())
    cpu.pointee.fpuOpcode = try reader.fixed()
  }

  /// The registers of 64 bits that stand for themselves.
  private static var words: [WritableKeyPath<CPUState, UInt64>] {
    [
      \.cr0, \.cr2, \.cr3, \.cr4, \.cr8, \.efer, \.star, \.lstar, \.cstar, \.sfmask, \.kernelGSBase, \.sysenterCS,
      \.sysenterESP, \.sysenterEIP, \.pat, \.tscAux, \.tscOffset, \.miscEnable, \.mtrrDefaultType,
    ]
  }

  private static func append(_ segment: Segment, to writer: inout ByteWriter) {
    writer.append(fixed: segment.selector)
    writer.append(fixed: segment.attributes)
    writer.append(fixed: segment.limit)
    writer.append(fixed: segment.base)
  }

  private static func segment(from reader: inout ByteReader) throws(ByteCodingError) -> Segment {
    Segment(
      selector: try reader.fixed(), attributes: try reader.fixed(), limit: try reader.fixed(), base: try reader.fixed())
  }
}
