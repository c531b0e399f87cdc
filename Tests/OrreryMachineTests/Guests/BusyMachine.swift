import OrreryBase

@testable import OrreryMachine

/// A machine with the program of busy.S, keys scheduled at odd clocks, everything recorded, and calls of `mapPage` watched.
struct BusyMachine {
  let machine: Machine

  init(probes: ProbeSet = .all, tlb: MachineConfiguration.TLBModel = .coherent) {
    var configuration = MachineConfiguration()
    configuration.memorySize = 8 << 20
    // A slow clock, so that the keyboard's milliseconds fit into a short run.
    configuration.frequency = ClockFrequency(hertz: 5_000_000)
    configuration.probes = probes
    configuration.tlb = tlb
    configuration.callProbes = [CallProbe(address: LinearAddress(BusyGuest.mapPage), outPointerRegister: 4)]
    machine = Machine(configuration: configuration)
    precondition(machine.write(BusyGuest.code, at: PhysicalAddress(0x10_0000)))
    machine.enterProtectedMode(eip: 0x10_0000, ebx: 0)
    var generator = SeededGenerator(seed: 7)
    for index in 0..<20 {
      let key = Key(rawValue: UInt16.random(in: 1...0x53, using: &generator))
      let clock = Clock.random(in: 0..<15_000, using: &generator)
      machine.schedule(InputEvent(clock: clock, action: .key(key, isPressed: index & 1 == 0)))
    }
  }

  /// The records written since the last call, each as its fields.
  func drained() -> [UInt64] {
    var fields: [UInt64] = []
    machine.probes.drain { records, bytes in
      for record in records {
        fields += [
          UInt64(record.kind.rawValue) << 32 | UInt64(record.detail), record.clock, record.rip, record.value0,
          record.value1,
        ]
        fields += [
          record.kind == .screenRow ? 0 : record.value2, record.value3, record.value4, record.value5, record.value6,
        ]
        if record.kind == .screenRow {
          let start = Int(record.value2)
          fields += bytes[start..<start + Int(record.value1) * 2].map(UInt64.init)
        }
      }
    }
    return fields
  }

  /// Runs up to `steps` and gives all records on the way.
  func records(untilSteps steps: Steps) -> [UInt64] {
    var fields: [UInt64] = []
    while machine.run(untilClock: .max, untilSteps: steps) == .probesFull { fields += drained() }
    return fields + drained()
  }
}
