/// Which Sojourn this is: module, daemon and command line are of one release.
public enum Release {
  public static var version: String { "0.1.0" }
}
