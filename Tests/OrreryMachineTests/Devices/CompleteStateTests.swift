import OrreryBase
import Testing

@testable import OrreryMachine

/// Looks at every stored property of the board, by reflection: one that is added to a device and not to its checkpoint, and so not to saved machines either, fails here.
@Suite struct CompleteStateTests {
  /// What belongs to the access in progress, and what is no state: where to write and what is recorded.
  private static let transient: Set<String> = [
    "videoMemory", "probes", "recorded", "wires.clock", "wires.rip", "wires.rises", "wires.haveChanged", "wires.stop",
    "wires.pauses", "wires.recorded", "wires.probes",
  ]

  private func properties(of machine: Machine) throws -> [String: String] {
    let child = try #require(Mirror(reflecting: machine.board).children.first { $0.label == "state" })
    let state = try #require(child.value as? UnsafeMutablePointer<BoardState>)
    var found: [String: String] = [:]
    func walk(_ value: Any, _ path: String) {
      if Self.transient.contains(path) { return }
      if var queue = value as? ByteFIFO {
        // Where in its ring a queue begins is nothing that anyone can see.
        var bytes: [UInt8] = []
        while let byte = queue.pop() { bytes.append(byte) }
        found[path] = "\(bytes)"
        return
      }
      let children = Mirror(reflecting: value).children
      if children.isEmpty { found[path] = "\(value)" }
      for (index, child) in children.enumerated() {
        let name = child.label ?? "\(index)"
        walk(child.value, path.isEmpty ? name : "\(path).\(name)")
      }
    }
    walk(state.pointee, "")
    return found
  }

  /// Accesses of all devices that leave the machine running: values that stop it are put back by the restore all the same.
  private func disturb(_ machine: Machine, _ generator: inout SeededGenerator) {
    let ports: [UInt16] =
      Array(0x20...0x21) + Array(0xA0...0xA1) + Array(0x40...0x43) + [0x60, 0x64, 0x61, 0x70, 0x71, 0x92]
      + Array(0x80...0x8F) + Array(0x3F8...0x3FF) + Array(0x2F8...0x2FF) + Array(0x3C0...0x3DA) + [0x4D0, 0x4D1]
    for _ in 0..<400 {
      guard let port = ports.randomElement(using: &generator) else { continue }
      if Bool.random(using: &generator) {
        _ = machine.cpu.writePort(port, UInt32.random(in: 0...255, using: &generator), size: 1)
      } else {
        _ = machine.cpu.readPort(port, size: 1)
      }
      if Int.random(in: 0..<8, using: &generator) == 0 {
        let actions: [InputAction] = [
          .key(
            Key(rawValue: UInt16.random(in: 1...0x53, using: &generator)), isPressed: Bool.random(using: &generator)),
          .serial(port: UInt8.random(in: 0...1, using: &generator), byte: 7), .interruptLine(5), .vector(64),
          .nonMaskableInterrupt,
        ]
        if let action = actions.randomElement(using: &generator) { machine.apply(action) }
      }
      let clock = machine.cpu.pointee.clock + UInt64.random(in: 0...4000, using: &generator)
      machine.cpu.pointee.clock = clock
      machine.board.applyEvents(at: clock, rip: 0)
    }
  }

  @Test func everyPropertyOfEveryDeviceComesBackFromACheckpoint() throws {
    var generator = SeededGenerator(seed: 21)
    var changed: Set<String> = []
    for _ in 0..<12 {
      let machine = BusyMachine(probes: []).machine
      disturb(machine, &generator)
      let before = try properties(of: machine)
      let checkpoint = machine.checkpoint()
      disturb(machine, &generator)
      let between = try properties(of: machine)
      machine.restore(checkpoint)
      let after = try properties(of: machine)
      for path in before.keys.sorted() {
        if between[path] != before[path] { changed.insert(path) }
        #expect(after[path] == before[path], "\(path)")
      }
      #expect(after.count == before.count)
    }
    // So much is put to the test that a device left out would be missed.
    for device in [
      "interrupts", "timer", "keyboardController", "systemControl", "realTimeClock", "com1", "com2", "vga",
    ] {
      #expect(changed.contains { $0.hasPrefix(device + ".") }, "\(device)")
    }
    #expect(changed.count > 100)
  }
}
