import OrreryBase
import OrreryTrace

/// The parts of two headers that differ, in the header's order. Parts with equal hashes are not read.
///
/// Of what was recorded, only `lanes` count: who compares some lanes does not ask which others there are.
func compareHeaders(
  _ left: TraceReader, _ right: TraceReader, lanes: LaneSet
) throws(TraceError) -> [HeaderDifference] {
  let sections = HeaderSection.allCases.filter { section in
    let (leftHash, rightHash) = (left.hash(of: section), right.hash(of: section))
    // Most traces have no modules; that any other part is missing means damage, which reading the header tells.
    return leftHash != rightHash || leftHash == nil && section != .modules
  }
  guard !sections.isEmpty else { return [] }
  // An image may be as long as many events, and its size and hash say all that is told of it.
  let read = sections.filter { $0 != .image }
  let leftHeader = try left.header(only: read)
  let rightHeader = try right.header(only: read)
  var differences: [HeaderDifference] = []
  for section in sections {
    switch section {
    case .configuration: differences += compareSettings(leftHeader.configuration, rightHeader.configuration)
    case .scenario: differences += compareScenarios(leftHeader.scenario, rightHeader.scenario)
    case .image: differences.append(HeaderDifference(name: section.name, left: left.image, right: right.image))
    default:
      let difference = HeaderDifference(
        name: section.name, left: describe(section, leftHeader, lanes), right: describe(section, rightHeader, lanes))
      if difference.left != difference.right { differences.append(difference) }
    }
  }
  return differences
}

extension TraceReader {
  fileprivate var image: String? {
    guard let size = imageSize, let hash = hash(of: .image) else { return nil }
    return "\(size) bytes, hash \(hash)"
  }
}

private func describe(_ section: HeaderSection, _ header: TraceHeader, _ lanes: LaneSet) -> String {
  switch section {
  case .revision: header.revision
  case .modules:
    header.modules.isEmpty
      ? "none" : header.modules.map { "\($0.bytes.count) bytes, hash \(Hash128(of: $0.bytes))" }.joined(separator: "; ")
  case .scenarioName: header.scenarioName
  case .recording:
    header.lanes.intersection(lanes).lanes.map(\.name).joined(separator: " ")
      + (lanes.contains(.state) ? ", state every \(Words.number(header.stateInterval)) steps" : "")
  case .configuration, .scenario, .image: ""
  }
}

private func compareSettings(_ left: [TraceHeader.Setting], _ right: [TraceHeader.Setting]) -> [HeaderDifference] {
  var keys: [String] = []
  for setting in left + right where !keys.contains(setting.key) { keys.append(setting.key) }
  var differences: [HeaderDifference] = []
  for key in keys {
    let leftValues = left.filter { $0.key == key }.map(\.value)
    let rightValues = right.filter { $0.key == key }.map(\.value)
    if leftValues != rightValues {
      differences.append(
        HeaderDifference(
          name: key, left: leftValues.isEmpty ? nil : leftValues.joined(separator: ", "),
          right: rightValues.isEmpty ? nil : rightValues.joined(separator: ", ")))
    }
  }
  if differences.isEmpty, left != right {
    differences.append(HeaderDifference(name: "configuration", left: "in one order", right: "in another order"))
  }
  return differences
}

/// The first lines that differ; whole scenarios are long.
private func compareScenarios(_ left: String, _ right: String) -> [HeaderDifference] {
  guard left != right else { return [] }
  let leftLines = left.split(separator: "\n", omittingEmptySubsequences: false)
  let rightLines = right.split(separator: "\n", omittingEmptySubsequences: false)
  let line =
    zip(leftLines, rightLines).enumerated().first { $1.0 != $1.1 }?.offset ?? min(leftLines.count, rightLines.count)
  return [
    HeaderDifference(
      name: "scenario line \(line + 1)", left: line < leftLines.count ? String(leftLines[line]) : nil,
      right: line < rightLines.count ? String(rightLines[line]) : nil)
  ]
}
