internal import CPlatform.System

/// The `errno` of whoever called into a module: the calls that the module makes may not change what he had there.
public enum CallerErrno {
  public static var value: CInt {
    get { sojourn_errno() }
    set { sojourn_set_errno(newValue) }
  }
}
