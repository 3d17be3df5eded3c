namespace NearCache.Management.Collecting;

/// <summary>Answers on demand that viewers share: one reading serves all that ask within a time.</summary>
/// <param name="time">The clock.</param>
/// <param name="most">The most answers that are kept.</param>
internal sealed class SharedReadings(TimeProvider time, int most = 500)
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();   // guards the answers
    private readonly Dictionary<string, (long At, Task Read)> _answers = new(StringComparer.Ordinal);

    /// <summary>Gets the number of answers that are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _answers.Count;
            }
        }
    }

    /// <summary>Returns the answer to a question, read anew if the last one is too old or has failed.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="fresh">How long an answer serves others.</param>
    /// <param name="read">Reads the answer. It is not cancelled when one of several viewers leaves.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<T> OfAsync<T>(string question, TimeSpan fresh, Func<Task<T>> read, CancellationToken cancellationToken)
    {
        Task<T> answer;
        lock (_lock)
        {
            if (_answers.TryGetValue(question, out var known) && known.Read is Task<T> { IsFaulted: false, IsCanceled: false } last
                && (!last.IsCompleted || time.GetElapsedTime(known.At) < fresh))
            {
                answer = last;
            }
            else
            {
                ForgetOld();
                answer = Task.Run(read, CancellationToken.None);
                _answers[question] = (time.GetTimestamp(), answer);
            }
        }

        return await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // What is kept is bounded by what is asked within a minute.
    private void ForgetOld()
    {
        foreach (var question in _answers
            .Where(pair => pair.Value.Read.IsCompleted && time.GetElapsedTime(pair.Value.At) > Kept).Select(pair => pair.Key).ToArray())
        {
            _answers.Remove(question);
        }

        // That many questions at once are not those of people.
        if (_answers.Count >= most)
        {
            _answers.Clear();
        }
    }
}
