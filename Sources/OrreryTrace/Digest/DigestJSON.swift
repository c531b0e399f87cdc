import OrreryBase

extension TraceDigest {
  /// The digest for other programs. `init(parsing:)` reads the text only.
  public var json: JSONObject {
    var object = JSONObject()
    var headers = JSONObject()
    for header in self.headers { headers.add(header.name, header.hash.description) }
    object.add("headers", headers)
    object.add("lanes", lanes.lanes.map(\.name))
    object.add("end", end?.description)
    object.add("firstEvent", events.lowerBound)
    object.add("eventCount", eventCount)
    switch division {
    case .chunks: object.add("division", "chunks")
    case .runs(let length):
      object.add("division", "runs")
      object.add("runLength", length)
    }
    object.add("parts", parts.map(\.json))
    return object
  }
}

extension TraceDigest.Part {
  public var json: JSONObject {
    var object = JSONObject()
    object.add("firstEvent", firstSequence)
    object.add("eventCount", eventCount)
    object.add("firstClock", firstClock)
    object.add("hash", hash.description)
    var lanes = JSONObject()
    for lane in laneHashes { lanes.add(lane.lane.name, lane.hash.description) }
    object.add("lanes", lanes)
    return object
  }
}
