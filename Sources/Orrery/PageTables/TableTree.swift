import OrreryBase

/// The contents of table pages by frame address; each has a place of its own that it keeps, so that it is looked up once and then reached by number.
///
/// A value: a copy costs nothing until one of the two changes.
struct TableStore: Sendable {
  /// The contents of one table page.
  struct Table: Sendable {
    var entries: [UInt64]
    /// Differs whenever the contents do: two tables of one frame with equal versions are equal.
    var version: UInt64

    mutating func update(_ index: Int, to entry: UInt64, version: UInt64) {
      entries[index] = entry
      self.version = version
    }
  }

  private(set) var tables: [Table] = []
  /// Looked up, never iterated.
  private var places: [UInt64: Int] = [:]

  var count: Int { tables.count }

  /// Where the table of `frame` is; nil when nothing is known of it.
  func place(of frame: UInt64) -> Int? { places[frame] }

  /// Where the table of `frame` is, made empty if need be.
  mutating func placeMade(for frame: UInt64) -> Int {
    if let place = places[frame] { return place }
    places[frame] = tables.count
    tables.append(Table(entries: [UInt64](repeating: 0, count: TableGeometry.entryCount), version: 0))
    return tables.count - 1
  }

  mutating func update(_ place: Int, _ index: Int, to entry: UInt64, version: UInt64) {
    tables[place].update(index, to: entry, version: version)
  }

  subscript(frame: UInt64) -> Table? {
    get { places[frame].map { tables[$0] } }
    set {
      guard let newValue else { preconditionFailure("a table is never forgotten by itself") }
      tables[placeMade(for: frame)] = newValue
    }
  }
}

/// The page tables under one root.
struct TableTree: Sendable {
  var root: UInt64
  var tables = TableStore()

  /// The entries of the table at `frame`; empty when nothing is known of it, as of a frame outside memory.
  func entries(of frame: UInt64) -> [UInt64] { tables[frame]?.entries ?? [] }
}

/// Where the tables of a tree are: each table page once for each combination of level and rights it is reached with.
///
/// Only tables above level 1 are read to find them, so it costs about a microsecond for each gibibyte mapped, not for each page.
struct TablePlacements: Sendable {
  /// A table page as it is used.
  struct Use: Hashable, Sendable {
    var frame: UInt64
    var level: UInt8
    var rights: TableRights
  }

  struct Placement: Sendable {
    var use: Use
    /// The least linear address the table covers, where its changes are reported.
    var base: UInt64
    /// Where else the same table is visible with the same rights; ascending, at most `aliasLimit`.
    var aliases: [UInt64] = []
    /// The frames of the tables on the path to it, from the root; not itself.
    var path: [UInt64]
  }

  /// The most aliases kept for one table. A kernel that shares tables shares them in a few places; a hostile one could multiply them by 512 at each level.
  static let aliasLimit = 15

  /// In the order of level, then linear address.
  private(set) var placements: [Placement] = []
  /// The indices of a frame's placements. Looked up, never iterated.
  private var indicesByFrame: [UInt64: [Int]] = [:]

  init(of tree: TableTree) {
    add(Placement(use: Use(frame: tree.root, level: TableGeometry.topLevel, rights: .all), base: 0, path: []))
    var next = 0
    // Breadth first: when a table is reached, all the places of the tables above it are known.
    while next < placements.count {
      let parent = placements[next]
      next += 1
      guard parent.use.level > 1 else { break }
      addTables(under: parent, in: tree)
    }
  }

  /// The placements of the table page at `frame`.
  func placements(of frame: UInt64) -> [Placement] { (indicesByFrame[frame] ?? []).map { placements[$0] } }

  /// The only placement of the table page at `frame`; nil when there is none, or more than one.
  func onlyPlacement(of frame: UInt64) -> Placement? {
    guard let indices = indicesByFrame[frame], indices.count == 1 else { return nil }
    return placements[indices[0]]
  }

  func placement(of use: Use) -> Placement? {
    guard let indices = indicesByFrame[use.frame] else { return nil }
    return indices.lazy.map { placements[$0] }.first { $0.use == use }
  }

  private mutating func add(_ placement: Placement) {
    indicesByFrame[placement.use.frame, default: []].append(placements.count)
    placements.append(placement)
  }

  private mutating func addTables(under parent: Placement, in tree: TableTree) {
    let level = parent.use.level
    let path = parent.path + [parent.use.frame]
    for (index, rawEntry) in tree.entries(of: parent.use.frame).enumerated() where rawEntry & 1 != 0 {
      let entry = TableEntry(rawEntry)
      guard !entry.isPage(level: level), !path.contains(entry.table) else { continue }
      let use = Use(frame: entry.table, level: level - 1, rights: entry.rights.intersection(parent.use.rights))
      let known = indicesByFrame[use.frame]?.first { placements[$0].use == use }
      if let known, placements[known].aliases.count >= Self.aliasLimit { continue }
      let bases = ([parent.base] + parent.aliases).map { TableGeometry.base(of: index, level: level, in: $0) }
      if let known {
        addAliases(bases, to: known)
      } else {
        add(Placement(use: use, base: bases[0], aliases: Array(bases.dropFirst()), path: path))
      }
    }
  }

  private mutating func addAliases(_ bases: [UInt64], to index: Int) {
    let room = Self.aliasLimit - placements[index].aliases.count
    placements[index].aliases = (placements[index].aliases + bases.prefix(room)).sorted()
  }
}
