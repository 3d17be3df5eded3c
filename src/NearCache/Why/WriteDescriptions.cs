using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Near;

namespace NearCache.Why;

/// <summary>Describes counted writes: by which process, and when this process heard of them.</summary>
/// <param name="writers">Names other processes.</param>
/// <param name="self">The short id of this process; unknown if it writes nothing.</param>
/// <param name="clock">The monotonic clock.</param>
internal sealed class WriteDescriptions(IWriterNames writers, WriterId self, NearClock clock)
{
    /// <summary>Describes writes.</summary>
    /// <param name="writes">The writes.</param>
    /// <param name="heard">Returns how this process heard of a write, by its number.</param>
    /// <param name="cancellationToken">Ends the search for names.</param>
    public async Task<IReadOnlyList<DiagnosedWrite>> DescribeAsync(
        IReadOnlyList<KeyWrite> writes, Func<long, HeardWrite?> heard, CancellationToken cancellationToken)
    {
        var ids = writes.Select(write => write.Writer).Where(id => id.IsKnown && id != self).ToHashSet();
        var names = ids.Count == 0
            ? new Dictionary<WriterId, DiagnosedWriter>()
            : await writers.FindAsync(ids, cancellationToken).ConfigureAwait(false);
        var now = clock.Monotonic();
        return [.. writes.Select(write => Describe(write, heard(write.N), names, now))];
    }

    private DiagnosedWrite Describe(
        in KeyWrite write, HeardWrite? heard, IReadOnlyDictionary<WriterId, DiagnosedWriter> names, long now) => new()
        {
            Number = write.N,
            Age = write.Age,
            Writer = !write.Writer.IsKnown ? new DiagnosedWriter()
                : write.Writer == self ? Self()
                : names.GetValueOrDefault(write.Writer) ?? new DiagnosedWriter { ShortId = write.Writer.ToString() },
            HeardBy = heard?.By switch
            {
                null => null,
                HeardBy.Own => WriteHeardBy.Own,
                HeardBy.Announcement => WriteHeardBy.Announcement,
                _ => WriteHeardBy.LogRecord,
            },
            HeardBefore = heard is { } at ? TimeSpan.FromMilliseconds(Math.Max(now - at.At, 0)) : null,
            HeardWithin = heard is { NotBefore: > long.MinValue and var from } bounded
                ? TimeSpan.FromMilliseconds(bounded.At - from)
                : null,
        };

    private DiagnosedWriter Self() => new()
    {
        ShortId = self.ToString(),
        IsThisProcess = true,
        Host = Environment.MachineName,
        ProcessId = Environment.ProcessId,
    };
}

/// <summary>Names the processes that short ids stand for, as far as they are known.</summary>
internal interface IWriterNames
{
    /// <summary>Finds processes by their short ids. Never throws because a server does not answer.</summary>
    /// <param name="ids">The short ids.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    ValueTask<IReadOnlyDictionary<WriterId, DiagnosedWriter>> FindAsync(
        IReadOnlyCollection<WriterId> ids, CancellationToken cancellationToken);
}

/// <summary>Names no process.</summary>
internal sealed class NoWriterNames : IWriterNames
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<WriterId, DiagnosedWriter>> FindAsync(
        IReadOnlyCollection<WriterId> ids, CancellationToken cancellationToken) =>
        new(new Dictionary<WriterId, DiagnosedWriter>());
}
