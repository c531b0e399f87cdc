import ArgumentParser
import OrreryImage

/// A boot protocol on the command line, by its name.
struct BootOption: ExpressibleByArgument {
  let bootProtocol: BootProtocol

  init?(argument: String) {
    guard let bootProtocol = BootProtocol(rawValue: argument) else { return nil }
    self.bootProtocol = bootProtocol
  }

  static var allValueStrings: [String] { BootProtocol.allCases.map(\.rawValue) }
}
