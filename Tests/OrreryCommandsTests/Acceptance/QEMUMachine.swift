import Foundation
import Glibc
import OrreryBase
import OrreryScenario
import Testing

/// QEMU with the kernel and command line of a scenario, and at its keyboard whoever types what the scenario types.
final class QEMUMachine {
  /// The guest's time is the number of its instructions, and an idle guest does not wait: how busy the host is changes nothing.
  static let guestTime = ["-icount", "shift=0,sleep=off"]

  private let child: ChildProcess
  private let serialPath: String
  private var typist: QEMUTypist?
  /// What the guest has written to its first serial port.
  private(set) var serial: [UInt8] = []

  init(_ bench: Workbench, scenario: BoundScenario, types: Bool) throws {
    serialPath = bench.file("serial")
    let monitor = bench.file("monitor")
    let commandLine = String(decoding: scenario.machine.commandLine, as: UTF8.self)
    var arguments = [
      Workbench.repository + "/kernel/run-qemu", try Workbench.kernel, commandLine,
      "-m", "\(scenario.machine.memorySize >> 20)M",
    ]
    if types {
      typist = try QEMUTypist(scenario, monitor: monitor)
      arguments += ["-chardev", "pipe,id=monitor,path=\(monitor)", "-mon", "chardev=monitor,mode=control"]
    } else {
      arguments += Self.guestTime
    }
    child = try ChildProcess(
      "/bin/sh", arguments, environment: ["PATH=/usr/local/bin:/usr/bin:/bin"], directory: bench.path,
      output: serialPath, error: bench.file("error"))
  }

  /// Runs until the guest ends the machine, or until `isEnough` says so of what it has written.
  func run(until isEnough: ([UInt8]) -> Bool) async throws -> ChildEnd {
    let end = try await child.wait {
      readSerial()
      typist?.step(serial)
      if isEnough(serial) { kill(child.id, SIGTERM) }
    }
    readSerial()
    return end
  }

  private func readSerial() {
    serial = (try? Data(contentsOf: URL(filePath: serialPath))).map { Array($0) } ?? []
  }
}

/// Types at QEMU's keyboard, over its machine protocol (QMP), what the rules of a scenario type after a text on the first serial port. Other
/// rules and actions have no like in QEMU.
final class QEMUTypist {
  private struct Part {
    var text: [UInt8]
    var hit: UInt64
    var keys: [(key: Key, isPressed: Bool)]
  }

  private var parts: [Part] = []
  private var queue: [(key: Key, isPressed: Bool)] = []
  private let monitor: Int32
  private var serialCount = 0
  private var patience = 0

  /// Whoever types waits for an echo, but not for ever: some keys have none. In milliseconds.
  private static let longestWait = 30

  init(_ scenario: BoundScenario, monitor path: String) throws {
    for rule in scenario.rules {
      guard case .serialText(let text, port: 0, let hit) = rule.condition else { continue }
      let keys = rule.actions.flatMap { action -> [InputAction] in
        switch action {
        case .input(let input): [input]
        case .typed(let inputs): inputs
        }
      }.compactMap { action -> (key: Key, isPressed: Bool)? in
        guard case .key(let key, let isPressed) = action else { return nil }
        return (key, isPressed)
      }
      parts.append(Part(text: text, hit: hit, keys: keys))
    }
    for end in [".in", ".out"] { try #require(mkfifo(path + end, 0o600) == 0) }
    // For reading too: opening only for writing would wait for QEMU.
    monitor = open(path + ".in", O_RDWR | O_CLOEXEC)
    try #require(monitor >= 0)
    send(#"{"execute":"qmp_capabilities"}"#)
  }

  deinit { close(monitor) }

  /// Called again and again, about once a millisecond, with all that was written so far.
  func step(_ serial: [UInt8]) {
    while let part = parts.first, count(of: part.text, in: serial) >= part.hit {
      queue += part.keys
      parts.removeFirst()
    }
    let hasEcho = serial.count > serialCount
    patience -= 1
    guard !queue.isEmpty, hasEcho || patience <= 0 else { return }
    let next = queue.removeFirst()
    press(next.key, next.isPressed)
    // The release of a key has no echo: the next press may follow at once.
    if next.isPressed {
      serialCount = serial.count
      patience = Self.longestWait
    } else {
      patience = 0
    }
  }

  /// QEMU numbers keys by their codes of set 1, with bit 7 for those that 0xE0 leads.
  private func press(_ key: Key, _ isPressed: Bool) {
    let number = Int(key.makeCode) | (key.isExtended ? 0x80 : 0)
    send(
      #"{"execute":"input-send-event","arguments":{"events":[{"type":"key","data":"#
        + #"{"down":\#(isPressed),"key":{"type":"number","data":\#(number)}}}]}}"#)
  }

  private func send(_ command: String) {
    let bytes = Array((command + "\n").utf8)
    _ = write(monitor, bytes, bytes.count)
  }

  /// Occurrences do not overlap, as in a scenario.
  private func count(of text: [UInt8], in serial: [UInt8]) -> UInt64 {
    var (count, start) = (0 as UInt64, 0)
    while start + text.count <= serial.count {
      if serial[start..<start + text.count].elementsEqual(text) {
        count += 1
        start += text.count
      } else {
        start += 1
      }
    }
    return count
  }
}
