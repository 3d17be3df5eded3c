using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Why;

/// <summary>Reads the newest log records of a server, for the writes of one key.</summary>
internal static class WriteHistory
{
    /// <summary>The most records that are read.</summary>
    public const int MaxRecords = 1024;

    private const int InGroup = 128;

    /// <summary>Reads the records that concern a key, newest first.</summary>
    /// <param name="server">The server of the key.</param>
    /// <param name="names">The names of the records.</param>
    /// <param name="total">The number of the newest counted write of the server.</param>
    /// <param name="segment">The segment of the key.</param>
    /// <param name="key">The name of the key.</param>
    /// <param name="cancellationToken">Ends the reading between two groups.</param>
    /// <exception cref="Memcached.MemcachedException">The server did not answer.</exception>
    public static async Task<KeyWrites> ReadAsync(
        IRemoteServer server, CounterNames names, long total, int segment, ReadOnlyMemory<byte> key, CancellationToken cancellationToken)
    {
        var found = new List<KeyWrite>();
        var (missing, gaps) = (0, 0);
        for (var read = 0; read < MaxRecords; read += InGroup)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var group = await ReadAsync(server, names, total - read, InGroup).ConfigureAwait(false);
            var isEmpty = true;
            for (var i = 0; i < InGroup; i++)
            {
                if (group[i].Status != MetaStatus.Ok || !LogRecord.TryDecode(group[i].Value.Span, out var record))
                {
                    missing++;
                    continue;
                }

                // Missing records between two that are there belong to writes of the last minute.
                (isEmpty, gaps) = (false, missing);
                if (record.Segment == segment && record.Key.Span.SequenceEqual(key.Span))
                {
                    var age = Math.Clamp(CounterNames.LogLifetime - group[i].TimeToLive, 0, CounterNames.LogLifetime);
                    found.Add(new KeyWrite(total - read - i, TimeSpan.FromSeconds(age), new WriterId(group[i].ClientFlags)));
                }
            }

            if (isEmpty)
            {
                return new KeyWrites(found, gaps, IsTruncated: false);
            }
        }

        var next = await ReadAsync(server, names, total - MaxRecords, 1).ConfigureAwait(false);
        return new KeyWrites(found, gaps, IsTruncated: next[0].Status == MetaStatus.Ok);
    }

    private static async Task<IReadOnlyList<MetaResponse>> ReadAsync(IRemoteServer server, CounterNames names, long newest, int count)
    {
        var commands = new MetaCommand[count];
        for (var i = 0; i < count; i++)
        {
            commands[i] = MetaCommand.Get(names.Log(newest - i), MetaFields.Value | MetaFields.ClientFlags | MetaFields.TimeToLive) with
            {
                IsPeek = true,
            };
        }

        return (await server.ExecuteAsync(commands).ConfigureAwait(false)).Responses;
    }
}

/// <summary>The counted writes of one key in the last minute.</summary>
/// <param name="Found">The writes, newest first.</param>
/// <param name="Gaps">The number of writes of the server in that time whose record is missing. Each may concern the key.</param>
/// <param name="IsTruncated">Whether the server has more records than were read.</param>
internal sealed record KeyWrites(IReadOnlyList<KeyWrite> Found, int Gaps, bool IsTruncated)
{
    /// <summary>Gets no writes.</summary>
    public static KeyWrites None { get; } = new([], 0, false);

    /// <summary>Gets what is not known of the writes, in words.</summary>
    public IEnumerable<string> Unknown =>
        Gaps > 0 ? [$"{Gaps} counted writes of the last minute left no record on the server, and may concern the key"] : [];
}

/// <summary>One counted write.</summary>
/// <param name="N">Its number on the server.</param>
/// <param name="Age">The time since the record was stored, in whole seconds.</param>
/// <param name="Writer">The process that made it.</param>
internal readonly record struct KeyWrite(long N, TimeSpan Age, WriterId Writer);
