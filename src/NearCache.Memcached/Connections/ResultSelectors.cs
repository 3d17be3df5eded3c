using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>What the caller of an operation awaits.</summary>
internal static class ResultSelectors
{
    /// <summary>The whole response; an error of the server's is in it.</summary>
    public static readonly Func<SingleOperation, ValueTask<MetaResponse>> Response = static operation =>
        new ValueTask<MetaResponse>(operation, operation.Version);

    /// <summary>The value, or null. An error of the server's is thrown.</summary>
    public static readonly Func<SingleOperation, ValueTask<byte[]?>> Value = static operation =>
        new ValueTask<byte[]?>(operation, operation.Version);

    /// <summary>Whether it was done. An error of the server's is thrown.</summary>
    public static readonly Func<SingleOperation, ValueTask<bool>> Succeeded = static operation =>
        new ValueTask<bool>(operation, operation.Version);

    /// <summary>The counter, or null. An error of the server's is thrown.</summary>
    public static readonly Func<SingleOperation, ValueTask<ulong?>> Counter = static operation =>
        new ValueTask<ulong?>(operation, operation.Version);
}
