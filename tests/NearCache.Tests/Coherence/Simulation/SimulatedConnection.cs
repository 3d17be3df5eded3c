namespace NearCache.Tests.Coherence.Simulation;

/// <summary>
/// The connection of a process to a memcached server. Requests and replies keep their order. It may stall, and break with requests in
/// flight.
/// </summary>
internal sealed class SimulatedConnection(Schedule schedule, SimulatedMemcached server, Random random, Profile profile)
{
    private const int OperationTimeout = 1_000_000;

    private readonly LinkedList<Request> _unanswered = new();
    private readonly Queue<Request> _sent = new();
    private readonly Queue<Request> _arrived = new();
    private readonly Queue<Request> _answered = new();
    private long _lastArrival;
    private long _lastReply;
    private long _lastHeard;
    private bool _executing;
    private bool _watching;
    private bool _isBlackHole;
    private int _life;

    public bool IsUp { get; private set; } = true;

    /// <summary>Stops both directions without an event. Sent data are kept by the network and arrive later.</summary>
    public bool IsBlackHole
    {
        get => _isBlackHole;
        set
        {
            _isBlackHole = value;
            Arrive();
            Answer();
        }
    }

    /// <summary>Runs the events of the process, in order, while it is awake.</summary>
    public required Action<Action> Post { get; init; }

    public Action? Broken { get; set; }

    /// <summary>Breaks the connection with the next write of a key in flight.</summary>
    public bool BreaksWithNextWrite { get; set; }

    /// <summary>Sends commands in one write. The reply is null if the connection broke before it was complete.</summary>
    public void Send(IReadOnlyList<Command> commands, Action<IReadOnlyList<Reply>?> done)
    {
        if (!IsUp)
        {
            Post(() => done(null));
            return;
        }

        var request = new Request(commands, done, _life);
        _unanswered.AddLast(request);
        _lastArrival = Math.Max(_lastArrival, schedule.Now + Latency());
        schedule.At(_lastArrival, () =>
        {
            _sent.Enqueue(request);
            Arrive();
        });
        Watch();
        if (BreaksWithNextWrite && commands[0].Write is not null)
        {
            BreaksWithNextWrite = false;
            schedule.After(random.Next(1500), () => Break(withPart: true));
        }
    }

    /// <summary>Ends the connection. Requests in flight may still be executed: all, none, or a part of one write.</summary>
    /// <param name="withPart">False if the process died: data of one write arrive as a whole.</param>
    public void Break(bool withPart)
    {
        if (!IsUp)
        {
            return;
        }

        IsUp = false;
        _life++;
        var lost = false;
        foreach (var request in _unanswered)
        {
            if (!lost && random.Next(3) == 0)
            {
                lost = true;
                request.Deliver = Math.Max(request.Next, withPart ? random.Next(request.Commands.Count + 1) : 0);
            }
            else if (lost)
            {
                request.Deliver = request.Next;
            }
        }

        Request[] failed = [.. _unanswered];
        _unanswered.Clear();
        foreach (var request in failed)
        {
            Post(() => request.Done(null));
        }

        if (Broken is not null)
        {
            Post(Broken);
        }
    }

    /// <summary>The server died, and executes nothing more.</summary>
    public void ServerDied()
    {
        foreach (var request in _unanswered.Concat(_arrived).Concat(_sent))
        {
            request.Deliver = request.Next;
        }

        Break(withPart: false);
    }

    public void Reconnect()
    {
        IsUp = true;
        _lastHeard = schedule.Now;
    }

    private long Latency() => random.Next(20) == 0 ? random.Next(profile.Slowest) : random.Next(100, 600);

    private void Arrive()
    {
        while (!IsBlackHole && _sent.TryDequeue(out var request))
        {
            _arrived.Enqueue(request);
            if (!_executing)
            {
                _executing = true;
                server.WhenRunning(Execute);
            }
        }
    }

    // Commands of other connections may come between any two of this one.
    private void Execute()
    {
        while (_arrived.TryPeek(out var request))
        {
            while (request.Next < request.Deliver)
            {
                request.Replies[request.Next] = server.Execute(request.Commands[request.Next]);
                request.Next++;
                if (random.Next(4) == 0)
                {
                    schedule.After(
                        random.Next(10) == 0 ? random.Next(profile.LongestGap) : random.Next(60), () => server.WhenRunning(Execute));
                    return;
                }
            }

            _arrived.Dequeue();
            if (request.Next == request.Commands.Count && request.Life == _life)
            {
                _lastReply = Math.Max(_lastReply, schedule.Now + Latency());
                schedule.At(_lastReply, () =>
                {
                    _answered.Enqueue(request);
                    Answer();
                });
            }
        }

        _executing = false;
    }

    private void Answer()
    {
        while (!IsBlackHole && _answered.TryDequeue(out var request))
        {
            if (request.Life == _life)
            {
                _lastHeard = schedule.Now;
                _unanswered.Remove(request);
                // Replies are read in order, but their callers continue when a thread is free.
                schedule.After(random.Next(8) == 0 ? random.Next(profile.Slowest) : 0, () => Post(() => request.Done(request.Replies)));
            }
        }
    }

    private void Watch()
    {
        if (!_watching)
        {
            _watching = true;
            _lastHeard = Math.Max(_lastHeard, schedule.Now);
            schedule.After(OperationTimeout, () => Post(CheckTimeout));
        }
    }

    private void CheckTimeout()
    {
        _watching = false;
        if (!IsUp || _unanswered.Count == 0)
        {
            return;
        }

        if (schedule.Now - _lastHeard >= OperationTimeout)
        {
            Break(withPart: true);
        }
        else
        {
            Watch();
        }
    }

    private sealed class Request(IReadOnlyList<Command> commands, Action<IReadOnlyList<Reply>?> done, int life)
    {
        public IReadOnlyList<Command> Commands { get; } = commands;

        public Action<IReadOnlyList<Reply>?> Done { get; } = done;

        public int Life { get; } = life;

        public Reply[] Replies { get; } = new Reply[commands.Count];

        /// <summary>Gets the next command to execute.</summary>
        public int Next { get; set; }

        /// <summary>Gets how many commands arrive.</summary>
        public int Deliver { get; set; } = commands.Count;
    }
}
