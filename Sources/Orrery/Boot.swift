import OrreryBase
import OrreryImage
import OrreryMachine
import OrreryScenario
import OrreryTrace

/// Makes a machine that is about to execute a kernel's first instruction, or the next one after it was saved.
enum Boot {
  static func machine(
    for image: RunImage, _ run: RunConfiguration, probes: ProbeSet, callProbes: [CallProbe]
  ) throws(ImageError) -> Machine {
    let settings = run.machine
    var configuration = MachineConfiguration()
    configuration.memorySize = settings.memorySize
    configuration.frequency = settings.frequency
    configuration.serialTiming = settings.uart == .baud ? .baud : .immediate
    configuration.tlb = settings.tlb == .stale ? .stale : .coherent
    configuration.probes = probes
    configuration.callProbes = callProbes
    let machine = Machine(configuration: configuration)
    switch image {
    case .kernel(let kernel): try boot(kernel, run, in: machine)
    case .state(let state):
      guard settings == state.settings, run.modules.isEmpty else {
        throw ImageError(
          offset: 0, problem: "the run's machine is set otherwise than the saved one",
          remedy: "leave memory, frequency, command line, uart, tlb and modules as they were when the state was saved")
      }
      try state.load(into: machine)
    }
    return machine
  }

  private static func boot(_ kernel: KernelImage, _ run: RunConfiguration, in machine: Machine) throws(ImageError) {
    let settings = run.machine
    let plan = try kernel.plan(
      for: try run.bootProtocol(for: kernel), memorySize: settings.memorySize,
      commandLine: settings.commandLine, modules: run.modules)
    // A new machine's memory is zero, so `plan.zeroed` needs nothing; the plan was made for this size, so every write fits.
    for write in plan.writes {
      let fits = machine.write(write.bytes, at: write.address)
      precondition(fits, "a boot plan stays inside the memory it was made for")
    }
    let entry = plan.entry
    machine.enterProtectedMode(
      eip: entry.eip, eax: entry.eax, ebx: entry.ebx, esp: entry.esp,
      descriptorTable: entry.descriptorTable.map { ($0.address, $0.limit) })
  }

  /// The allocator functions that `image` has, of `functions` and the known ones; the user's own come first where both name a function.
  static func watchedAllocators(
    of image: KernelImage, with functions: [AllocatorFunction], lanes: LaneSet
  ) -> [WatchedAllocator] {
    var watched: [WatchedAllocator] = []
    for function in functions where lanes.contains(function.resource == .heap ? .heap : .frame) {
      if case .found(let symbol) = image.symbols.find(function.symbol) {
        watched.append(WatchedAllocator(function: function, linkageName: symbol.name, address: symbol.address))
      }
    }
    // No frame allocator is known by its name alone.
    for symbol in image.symbols.symbols where lanes.contains(.heap) {
      guard let function = AllocatorFunctions.known.first(where: { $0.matches(linkageName: symbol.name) }),
        !watched.contains(where: { $0.address == symbol.address })
      else { continue }
      watched.append(WatchedAllocator(function: function, linkageName: symbol.name, address: symbol.address))
    }
    return watched
  }
}
