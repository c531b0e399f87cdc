import OrreryBase
import OrreryImage
import OrreryMachine
import OrreryScenario
import OrreryTrace

/// What takes bytes from outside, and must end in a result or an error whatever they are. `make fuzz` drives these with libFuzzer, the tests with the
/// corpus and seeded mutations of it.
enum FuzzTarget: String, CaseIterable, Sendable {
  case machine, image, scenario, trace, state

  func run(_ bytes: [UInt8]) {
    switch self {
    case .machine: FuzzGuest(bytes).run()
    case .image: loadAndRun(bytes)
    case .scenario: parse(bytes)
    case .trace: readAll(bytes)
    case .state: load(bytes)
    }
  }

  /// An image's file, its plan, its names, and its first steps.
  private func loadAndRun(_ bytes: [UInt8]) {
    guard let image = try? KernelImage(bytes: bytes) else { return }
    for symbol in image.symbols.symbols.prefix(1_000) {
      _ = SourceName(mangled: symbol.name)
      _ = SourceName(written: symbol.name)
      _ = image.symbols.symbol(containing: symbol.address)
      _ = image.symbols.find(symbol.name)
    }
    let memorySize: UInt64 = 4 << 20
    let modules = [BootModule(bytes: [UInt8](repeating: 1, count: 5000), string: Array("m".utf8))]
    for bootProtocol in image.protocols {
      guard
        let plan = try? image.plan(
          for: bootProtocol, memorySize: memorySize, commandLine: Array("a=b".utf8), modules: modules)
      else { continue }
      start(plan, memorySize)
    }
  }

  private func start(_ plan: BootPlan, _ memorySize: UInt64) {
    var configuration = MachineConfiguration()
    configuration.memorySize = memorySize
    let machine = Machine(configuration: configuration)
    for write in plan.writes {
      precondition(machine.write(write.bytes, at: write.address), "a boot plan stays inside the memory it was made for")
    }
    machine.enterProtectedMode(
      eip: plan.entry.eip, eax: plan.entry.eax, ebx: plan.entry.ebx, esp: plan.entry.esp,
      descriptorTable: plan.entry.descriptorTable.map { ($0.address, $0.limit) })
    _ = machine.run(untilClock: 5_000_000, untilSteps: 1_000)
  }

  /// The state of processor and devices as a saved machine has it, and its next steps.
  private func load(_ bytes: [UInt8]) {
    var configuration = MachineConfiguration()
    configuration.memorySize = 4 << 20
    configuration.probes = .all
    let machine = Machine(configuration: configuration)
    var saved = machine.saved()
    saved.state = bytes
    // Code for whatever mode it is, where the corpus executes: push, inc, a jump back, in all three widths.
    let code: [UInt8] = [0x50, 0xFF, 0xC0, 0xE4, 0x60, 0xE6, 0x20, 0xEB, 0xF7]
    saved.pages.append(SavedMachine.Page(frame: 0x100, bytes: (code + [UInt8](repeating: 0xF4, count: 4087))[...]))
    guard (try? machine.load(saved)) != nil else { return }
    _ = machine.stateHash()
    for _ in 0..<20 {
      guard case .probesFull = machine.run(untilClock: machine.clock + 5_000_000, untilSteps: machine.steps + 1_000)
      else {
        break
      }
      machine.probes.drain { _, _ in }
    }
    _ = machine.screenText()
    _ = machine.saved()
  }

  /// What is accepted can be printed, and read again as the same.
  private func parse(_ bytes: [UInt8]) {
    guard let scenario = try? Scenario(parsing: String(decoding: bytes, as: UTF8.self), file: "f") else { return }
    let again = try? Scenario(parsing: scenario.description, file: "f")
    precondition(again == scenario, "a scenario that was printed is read as another")
    _ = scenario.warnings(golden: true)
    _ = try? scenario.bound()
  }

  /// Everything a reader can be asked for.
  private func readAll(_ bytes: [UInt8]) {
    guard let reader = try? TraceReader(source: MemoryTraceSource(bytes)) else { return }
    _ = try? reader.header()
    var cursor = reader.events()
    var damage: [TraceDamage] = []
    while let event = try? cursor.next(noting: &damage) {
      _ = event.payload
      precondition(damage.count < 1_000, "reading goes on for ever")
    }
    _ = try? reader.verify()
  }
}
