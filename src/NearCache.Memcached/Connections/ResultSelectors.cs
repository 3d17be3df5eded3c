using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>Select the result type that the caller of a <see cref="SingleOperation"/> awaits.</summary>
internal static class ResultSelectors
{
    /// <summary>The complete response, including an error of the server.</summary>
    public static readonly Func<SingleOperation, ValueTask<MetaResponse>> Response = static operation =>
        new ValueTask<MetaResponse>(operation, operation.Version);

    /// <summary>The value, or null. An error of the server is thrown.</summary>
    public static readonly Func<SingleOperation, ValueTask<byte[]?>> Value = static operation =>
        new ValueTask<byte[]?>(operation, operation.Version);

    /// <summary>Whether the operation succeeded. An error of the server is thrown.</summary>
    public static readonly Func<SingleOperation, ValueTask<bool>> Succeeded = static operation =>
        new ValueTask<bool>(operation, operation.Version);

    /// <summary>The counter's value, or null. An error of the server is thrown.</summary>
    public static readonly Func<SingleOperation, ValueTask<ulong?>> Counter = static operation =>
        new ValueTask<ulong?>(operation, operation.Version);
}
