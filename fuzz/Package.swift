// swift-tools-version: 6.2
import PackageDescription

// Built by `make fuzz` with `-sanitize=fuzzer`, apart from everything else: instrumented code is slower to compile and to run.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "orrery", path: "..")],
  targets: [
    .executableTarget(
      name: "Fuzz", dependencies: [.product(name: "Orrery", package: "orrery")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  ],
  swiftLanguageModes: [.v6]
)
