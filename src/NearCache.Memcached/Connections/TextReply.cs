namespace NearCache.Memcached.Connections;

/// <summary>The answer to a command of the classic protocol.</summary>
/// <param name="Lines">Without END.</param>
/// <param name="Error">What the server says when it refuses, or null.</param>
internal sealed record TextReply(IReadOnlyList<string> Lines, string? Error);
