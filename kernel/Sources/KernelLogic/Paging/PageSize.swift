/// The three page sizes of 4-level paging; the raw value is the level of the table whose entry maps the page
/// (Intel SDM vol. 3A, table 4-1).
package enum PageSize: Int {
  case small = 1
  case large = 2
  case huge = 3

  package var level: Int { rawValue }
  /// 4 KiB, 2 MiB or 1 GiB.
  package var byteCount: UInt64 { 1 &<< UInt64(truncatingIfNeeded: 3 &+ 9 &* rawValue) }
}
