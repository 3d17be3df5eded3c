namespace NearCache;

/// <summary>
/// A factory did not end within <see cref="NearCacheOptions.FactoryTimeout"/>, and there was no value to serve in its place.
/// </summary>
public sealed class FactoryTimeoutException : NearCacheException
{
    /// <summary>Makes one from what happened.</summary>
    public FactoryTimeoutException(string message, Exception? innerException = null)
        : base(message, innerException) => IsTransient = true;
}
