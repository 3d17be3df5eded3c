namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>An operation and how it was answered, in the words of the metrics.</summary>
internal readonly record struct OperationOutcome(string Operation, string Outcome);
