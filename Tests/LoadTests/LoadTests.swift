import Testing

/// Hundreds at once and thousands in a row. One after the other: what each of them does is to load the machine.
@Suite(.serialized) enum LoadTests {}
