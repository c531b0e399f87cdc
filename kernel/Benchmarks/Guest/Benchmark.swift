import Kernel
import Workloads

/// What the image can measure.
enum Benchmark {
  case workload(Workload)
  /// `rep movs` and `rep stos` over 1 MiB.
  case strings
  /// Map a page, write to it, unmap it with `INVLPG`.
  case pages
  /// Timer interrupts at 10 kHz, with `HLT` between.
  case ticks
  /// Stores to, and loads from, text-mode video memory.
  case screen
  /// Text on the serial port.
  case serial
  /// Boot and exit.
  case startup

  init?(name: String) {
    switch name {
    case "rep": self = .strings
    case "pages": self = .pages
    case "ticks": self = .ticks
    case "vga": self = .screen
    case "serial": self = .serial
    case "startup": self = .startup
    default:
      guard let workload = Workload(rawValue: name) else { return nil }
      self = .workload(workload)
    }
  }

  var defaultCount: UInt64 {
    switch self {
    case .workload(let workload): workload.defaultCount
    case .strings: 5_000
    case .pages: 2_400_000
    case .ticks: 200_000
    case .screen: 10_000
    case .serial: 1_000_000
    case .startup: 0
    }
  }

  func run(count: UInt64) -> UInt64 {
    switch self {
    case .workload(let workload):
      workload.run(count: count, buffer: .allocate(byteCount: Workload.bufferByteCount, alignment: 16))
    case .strings: stringRounds(count)
    case .pages: pageRounds(count)
    case .ticks: tickRounds(count)
    case .screen: screenRounds(count)
    case .serial: serialRounds(count)
    case .startup: 0
    }
  }
}
