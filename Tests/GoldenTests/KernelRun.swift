import Foundation
import Orrery
import OrreryBase
import OrreryHost
import OrreryImage
import OrreryScenario
import OrreryTrace

/// One run of the teaching kernel under a scenario of the repository.
struct KernelRun {
  let end: RunEnd
  /// What left the first serial port.
  let serial: String
  /// How many interrupts were delivered; 0 in a run without a trace.
  let interruptCount: Int

  /// Runs the kernel, and looks at its trace when `isRecorded`.
  init(_ scenarioPath: String, parameters: [ParameterValue], isRecorded: Bool = false) throws {
    let path = repository.appending(path: scenarioPath).path
    let text = try InputFile.text(of: path, limit: UInt64(Scenario.textLimit))
    let scenario = try Scenario(parsing: text, file: path).bound(with: parameters)
    let sink = isRecorded ? MemoryTraceSink() : nil
    let recorder = try Recorder(
      image: try Self.image.get(), scenario: scenario, configuration: RunConfiguration(scenario), scenarioText: text,
      sink: sink)
    var bytes: [UInt8] = []
    recorder.serialHandler = { port, byte in if port == 0 { bytes.append(byte) } }
    var end: RunEnd?
    while end == nil { end = try recorder.advance() }
    self.end = end!
    serial = String(decoding: bytes, as: UTF8.self)
    interruptCount = try sink.map { try Self.interruptCount(of: $0.bytes) } ?? 0
  }

  private static let image = Result {
    let path = repository.appending(path: "kernel/.build/orrery-kernel.elf").path
    return try KernelImage(bytes: try InputFile.contents(of: path, limit: 1 << 20))
  }

  private static func interruptCount(of trace: [UInt8]) throws -> Int {
    var events = try TraceReader(source: MemoryTraceSource(trace)).events()
    var count = 0
    while let event = try events.next() {
      if case .interrupt = event.payload { count += 1 }
    }
    return count
  }
}

private let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()
