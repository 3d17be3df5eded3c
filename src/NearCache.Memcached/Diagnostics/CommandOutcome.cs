namespace NearCache.Memcached.Diagnostics;

/// <summary>A command and how it was answered, in the words of the metrics.</summary>
internal readonly record struct CommandOutcome(string Operation, string Outcome);
