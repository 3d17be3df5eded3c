namespace NearCache.Cli.Doctoring;

/// <summary>The time that a reading may take as a whole. A part that is not read in it is named, and not judged.</summary>
/// <param name="limit">The time.</param>
/// <param name="time">The clock.</param>
/// <param name="cancellationToken">Cancels the reading as a whole.</param>
internal sealed class ReadingLimit(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken) : IDisposable
{
    private readonly CancellationTokenSource _end = new(limit, time);
    private readonly List<string> _unread = [];
    private CancellationTokenSource? _either;

    /// <summary>Gets the time.</summary>
    public TimeSpan Limit => limit;

    /// <summary>Gets the token that is canceled at the end of the time.</summary>
    public CancellationToken Token =>
        (_either ??= CancellationTokenSource.CreateLinkedTokenSource(_end.Token, cancellationToken)).Token;

    /// <summary>Gets the parts that were not read.</summary>
    public IReadOnlyList<string> Unread => _unread;

    /// <summary>Returns a part; the default of its type, and its name among <see cref="Unread"/>, if the time is over before.</summary>
    public async Task<T?> OfAsync<T>(string part, Task<T> reading)
    {
        try
        {
            return await reading.WaitAsync(Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _unread.Add(part);
            return default;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _either?.Dispose();
        _end.Dispose();
    }
}
