using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Simulation;

/// <summary>
/// A memcached server: it executes the commands of one connection in order, interleaves those of different connections, and can lose its
/// contents.
/// </summary>
internal sealed class SimulatedMemcached(Schedule schedule, Checker checker, Random random)
{
    private readonly int[] _values = [.. Enumerable.Repeat(-1, Keyspace.Count)];
    private readonly ulong[] _cas = new ulong[Keyspace.Count];
    private readonly long[] _segments = [.. Enumerable.Repeat(-1L, KeyHash.Segments)];
    private readonly Dictionary<long, LogRecord> _log = [];
    private readonly List<Action> _waiting = [];
    private long _total = -1;
    private ulong _newestCas;

    public bool IsPaused { get; private set; }

    /// <summary>Gets the number of times that the counters began anew: each life of them has an identity.</summary>
    public int Life { get; private set; }

    /// <summary>Gets the counter of all mutations, which a forger guesses.</summary>
    public long Total => _total;

    /// <summary>Answers the next increment of a segment with an error, without executing it.</summary>
    public bool RefusesBump { get; set; }

    public long Commands { get; private set; }

    public long FlushReads { get; private set; }

    public long LogReads { get; private set; }

    /// <summary>Runs an action as soon as the server runs: at once, unless it is paused.</summary>
    public void WhenRunning(Action action)
    {
        if (IsPaused)
        {
            _waiting.Add(action);
        }
        else
        {
            action();
        }
    }

    public void Pause() => IsPaused = true;

    public void Resume()
    {
        IsPaused = false;
        Action[] waiting = [.. _waiting];
        _waiting.Clear();
        random.Shuffle(waiting);
        foreach (var action in waiting)
        {
            schedule.After(random.Next(200), () => WhenRunning(action));
        }
    }

    /// <summary>Executes flush_all, which a restart does, too.</summary>
    public void Clear()
    {
        Array.Fill(_values, -1);
        Array.Fill(_segments, -1);
        _log.Clear();
        _total = -1;
        _newestCas = 0;
        Life++;
    }

    public void EvictValue(int key) => _values[key] = -1;

    /// <summary>Stores the value of the source again: a fill by another process, which counts no mutation.</summary>
    public void Refill(int key) => (_values[key], _cas[key]) = (checker.NewestExecuted(key), ++_newestCas);

    public void EvictTotal()
    {
        _total = -1;
        Life++;
    }

    public void EvictSegment(int segment) => _segments[segment] = -1;

    public void EvictLog() => _log.Clear();

    public Reply Execute(in Command command)
    {
        Commands++;
        switch (command.Kind)
        {
            case CommandKind.Get:
                return _values[command.Argument] < 0 ? default : new Reply(_values[command.Argument], Cas: _cas[command.Argument]);
            case CommandKind.Set or CommandKind.Remove:
                var write = command.Write!;
                (write.Version, write.ExecutedAt) = (checker.Executed(write.Key), schedule.Now);
                schedule.Tell(
                    $"executed: key {write.Key} is version {write.Version}{(command.Kind == CommandKind.Remove ? ", removed" : "")}");
                _values[write.Key] = command.Kind == CommandKind.Set ? write.Version : -1;
                _cas[write.Key] = ++_newestCas;
                Finished(write);
                return new Reply(write.Version);
            case CommandKind.BumpSegment when RefusesBump:
                RefusesBump = false;
                return default;
            case CommandKind.BumpSegment:
                return Bumped(command, Bump(ref _segments[command.Argument]));
            case CommandKind.BumpTotal:
                return Bumped(command, Bump(ref _total));
            case CommandKind.ReadTotal:
                return Read(_total);
            case CommandKind.ReadSegment:
                FlushReads++;
                return Read(_segments[command.Argument]);
            case CommandKind.CreateTotal:
                return new Reply(Create(ref _total));
            case CommandKind.CreateSegment:
                return new Reply(Create(ref _segments[command.Argument]));
            case CommandKind.SetLog:
                _log[command.Argument] = command.Record;
                return default;
            default:
                LogReads++;
                return _log.TryGetValue(command.Argument, out var record) ? new Reply(1, record) : default;
        }
    }

    private static Reply Read(long counter) => counter < 0 ? default : new Reply(counter);

    private static Reply Bump(ref long counter) => counter < 0 ? default : new Reply(++counter);

    private Reply Bumped(in Command command, Reply reply)
    {
        if (command.Write is { } write)
        {
            Finished(write);
        }

        return reply;
    }

    private void Finished(Write write)
    {
        if (--write.Remaining == 0)
        {
            schedule.Tell($"complete: key {write.Key} version {write.Version}");
            checker.Completed(write.Key, write.Version, schedule.Now);
        }
    }

    private long Create(ref long counter) => counter < 0 ? counter = CounterNames.FirstValue(random) : counter;
}
