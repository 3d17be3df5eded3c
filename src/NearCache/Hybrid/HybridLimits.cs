namespace NearCache.Hybrid;

/// <summary>How large a value may be to be stored.</summary>
/// <param name="MostBytes">Of the value alone: <see cref="NearHybridCacheOptions.MaximumPayloadBytes"/>.</param>
/// <param name="MostItemBytes">Of value and header: what the client of the remote sends.</param>
internal sealed record HybridLimits(long MostBytes, long MostItemBytes)
{
    /// <summary>Why a value is too large; null: it is not.</summary>
    public string? WhyNot(HybridPayload payload) =>
        payload.Value.Length > MostBytes ? $"MaximumPayloadBytes is {MostBytes}"
        : payload.Bytes.Length > MostItemBytes ? $"Memcached:MaxValueBytes is {MostItemBytes}, and it has a header of {payload.Bytes.Length - payload.Value.Length}"
        : null;
}
