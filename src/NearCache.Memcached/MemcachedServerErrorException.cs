namespace NearCache.Memcached;

/// <summary>The server answered this command with an error, for instance because the value is too large for it.</summary>
public sealed class MemcachedServerErrorException : MemcachedException
{
    internal MemcachedServerErrorException(string server, string operation, string error)
        : base(
            $"{server} answered {operation} with: {error}",
            server,
            operation,
            isTransient: error.Contains("out of memory", StringComparison.Ordinal),
            outcomeUnknown: false,
            cause: null) => Error = error;

    /// <summary>The server's own words.</summary>
    public string Error { get; }
}
