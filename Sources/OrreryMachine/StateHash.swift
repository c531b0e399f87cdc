public import OrreryBase

extension Machine {
  /// A hash of the architectural state: registers with flags computed, devices as they are now, RAM. Caches, TLBs and queues of the model take no part, so
  /// however a state was reached, its hash is the same. Costs what was stored to since the last call.
  public func stateHash() -> Hash128 {
    var writer = ByteWriter()
    ProcessorImage.hash(cpu, into: &writer)
    writer.append(owesSingleStepTrap)
    board.hash(into: &writer, clock: cpu.pointee.clock)
    writer.append(hashTree.root(of: cpu.pointee.memory))
    return Hash128(of: writer.bytes)
  }
}
