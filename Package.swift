// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// One library target of the table in docs/ARCHITECTURE.md; `Tests/ArchitectureTests` holds every file's imports to that table.
func layer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

/// The tool carries all its libraries in itself: it starts in a third of the time, needs 3 MB less, and runs on every Linux, without Swift.
/// `--static-swift-stdlib` would ask the same of the tests, whose own library exists only as a shared one.
let staticLibraries: [LinkerSetting] = [
  .unsafeFlags(["-static-executable", "-use-ld=lld"], .when(platforms: [.linux])),
  .linkedLibrary("_FoundationCollections", .when(platforms: [.linux])),
  .linkedLibrary("_FoundationCShims", .when(platforms: [.linux])),
  .linkedLibrary("swiftSynchronization", .when(platforms: [.linux])),
]

let package = Package(
  name: "orrery",
  products: [
    .executable(name: "orrery", targets: ["orrery"]),
    .library(name: "Orrery", targets: ["Orrery"]),
    .library(name: "OrreryTesting", targets: ["OrreryTesting"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    layer("OrreryBase", ["CXXHash"]),
    layer("OrreryMachine", ["OrreryBase"]),
    layer("OrreryImage", ["OrreryBase"]),
    layer("OrreryScenario", ["OrreryBase"]),
    layer("OrreryTrace", ["OrreryBase"]),
    layer("OrreryCompare", ["OrreryBase", "OrreryTrace"]),
    layer(
      "Orrery",
      ["OrreryBase", "OrreryMachine", "OrreryImage", "OrreryScenario", "OrreryTrace", "OrreryCompare"]),
    layer("OrreryHost", ["OrreryBase"]),
    layer(
      "OrreryGolden",
      ["Orrery", "OrreryBase", "OrreryImage", "OrreryScenario", "OrreryTrace", "OrreryCompare", "OrreryHost"]),
    layer("OrreryTesting", ["OrreryGolden", "OrreryCompare", "OrreryHost"]),
    layer(
      "OrreryCommands",
      [
        "Orrery", "OrreryBase", "OrreryMachine", "OrreryImage", "OrreryScenario", "OrreryTrace", "OrreryCompare",
        "OrreryHost", "OrreryGolden", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "orrery", dependencies: ["OrreryCommands"], swiftSettings: strict, linkerSettings: staticLibraries),
    .executableTarget(
      name: "TraceBenchmark", dependencies: ["OrreryTrace", "OrreryCompare", "OrreryBase"], path: "Benchmarks/Traces",
      swiftSettings: strict),
    tests("ArchitectureTests", []),
    tests("OrreryBaseTests", ["OrreryBase"]),
    tests("OrreryMachineTests", ["OrreryMachine", "OrreryBase"]),
    tests("OrreryImageTests", ["OrreryImage", "OrreryBase"]),
    tests("OrreryScenarioTests", ["OrreryScenario", "OrreryBase"]),
    tests("OrreryTraceTests", ["OrreryTrace", "OrreryBase"]),
    tests("OrreryCompareTests", ["OrreryCompare", "OrreryTrace", "OrreryBase"]),
    tests(
      "OrreryTests",
      [
        "Orrery", "OrreryBase", "OrreryMachine", "OrreryImage", "OrreryScenario", "OrreryTrace", "OrreryCompare",
        "OrreryHost",
      ]),
    .testTarget(
      name: "FuzzTests",
      dependencies: ["OrreryMachine", "OrreryImage", "OrreryScenario", "OrreryTrace", "OrreryBase"],
      path: "Tests/FuzzTests", exclude: ["Corpus"], swiftSettings: strict),
    tests(
      "GoldenTests",
      [
        "OrreryTesting", "Orrery", "OrreryBase", "OrreryImage", "OrreryScenario", "OrreryTrace", "OrreryCompare",
        "OrreryHost",
      ]),
    tests("OrreryHostTests", ["OrreryHost", "OrreryBase"]),
    tests("OrreryGoldenTests", ["OrreryGolden", "OrreryCompare", "OrreryHost"]),
    tests(
      "OrreryCommandsTests",
      [
        "OrreryCommands", "Orrery", "OrreryBase", "OrreryScenario", "OrreryTrace", "OrreryCompare", "OrreryHost",
        "OrreryGolden", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
