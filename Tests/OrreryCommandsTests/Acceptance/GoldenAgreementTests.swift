import Foundation
import OrreryBase
import OrreryHost
import OrreryScenario
import Testing

/// A case under `traces/`, and what its scenario says of QEMU, in a comment of its own before the first statement:
///
///     # qemu: same
///     # qemu: keys
///     # qemu: differs, REASON
struct AgreementCase: CustomTestStringConvertible, Sendable {
  enum Agreement: Equatable {
    /// The serial output is the same.
    case same
    /// It is the same when QEMU's keyboard types what the scenario types, after the same text.
    case keys
    case differs(reason: String)
  }

  var name: String
  var path: String { "\(Workbench.repository)/traces/\(name)/\(name).scenario" }
  var testDescription: String { name }

  static let all: [AgreementCase] = {
    let folder = Workbench.repository + "/traces"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { AgreementCase(name: $0) }.filter { FileManager.default.fileExists(atPath: $0.path) }
  }()

  func text() throws -> String { try InputFile.text(of: path, limit: UInt64(Scenario.textLimit)) }

  /// Nil when the scenario says nothing, or something else.
  func agreement() throws -> Agreement? {
    let mark = "# qemu: "
    let lines = try text().split(separator: "\n").filter { $0.hasPrefix(mark) }.map { $0.dropFirst(mark.count) }
    guard lines.count == 1 else { return nil }
    switch lines[0] {
    case "same": return .same
    case "keys": return .keys
    default:
      let differs = "differs, "
      guard lines[0].hasPrefix(differs), lines[0].count > differs.count + 8 else { return nil }
      return .differs(reason: String(lines[0].dropFirst(differs.count)))
    }
  }
}

extension AcceptanceTests {
  /// QEMU, given the same image and command line, says the same in every case that does not say why not.
  @Suite struct GoldenAgreementTests {
    @Test(arguments: AgreementCase.all)
    func everyCaseSaysHowQEMUAgrees(_ agreementCase: AgreementCase) throws {
      #expect(try agreementCase.agreement() != nil)
    }

    /// Nothing outside QEMU can raise a spurious interrupt, and its translations go stale where ours do not; all else can agree.
    @Test func onlyWhatCannotAgreeDiffers() throws {
      let differing = try AgreementCase.all.filter {
        if case .differs = try $0.agreement() { true } else { false }
      }
      #expect(differing.map(\.name) == ["interrupts-spurious", "mistake-stale-translation"])
    }

    @Test(.enabled(if: QEMUAgreementTests.isInstalled), arguments: AgreementCase.all)
    func serialOutputAgrees(_ agreementCase: AgreementCase) async throws {
      let agreement = try #require(try agreementCase.agreement())
      if case .differs = agreement { return }
      let scenario = try Scenario(parsing: try agreementCase.text(), file: agreementCase.path).bound()
      let bench = try Workbench()
      let expected = try await bench.orrery("run", try Workbench.kernel, "--scenario", agreementCase.path)
      #expect(!expected.output.isEmpty)
      // The guest's own exit code is odd; 4 is a triple fault, which ends QEMU too. All else goes on for ever.
      let code = try #require(expected.end.code)
      let endsByItself = code & 1 == 1 || code == 4
      let machine = try QEMUMachine(bench, scenario: scenario, types: agreement == .keys)
      let end = try await machine.run { serial in endsByItself ? false : serial.count >= expected.output.utf8.count }
      #expect(String(decoding: machine.serial, as: UTF8.self) == expected.output)
      if code & 1 == 1 { #expect(end.code == code) }
    }
  }
}
