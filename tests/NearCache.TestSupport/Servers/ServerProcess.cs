using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NearCache.TestSupport.Servers;

/// <summary>A server started for tests: can be killed, stopped in its tracks, and started again on the same port.</summary>
/// <remarks>
/// It dies with the test process, unless that is killed. <c>tests/run.sh</c> ends what a killed test process left, found by its folder
/// under TMPDIR.
/// </remarks>
public abstract class ServerProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<ServerProcess, bool> Running = new();

    // A server starts within seconds; on a machine whose processors are taken it gets so many minutes.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    private readonly List<string> _output = [];
    private Process? _process;

    // A signal ends the process without the event ProcessExit, and a host under test would keep it from ending. Ctrl-C is left to the
    // test runner, which disposes the servers.
    private static readonly PosixSignalRegistration[] Signals =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Environment.Exit(143)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => Environment.Exit(129)),
    ];

    static ServerProcess()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => KillAll();
        GC.KeepAlive(Signals);
    }

    protected ServerProcess(int port)
    {
        Port = port;
        Folder = Directory.CreateTempSubdirectory("nearcache-test-").FullName;
    }

    public int Port { get; }

    /// <summary>"127.0.0.1:port".</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>The server's own folder, removed when it is disposed.</summary>
    public string Folder { get; }

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("Not started.");

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>What the server reads; only where its command redirects it.</summary>
    protected StreamWriter Input => _process?.StandardInput ?? throw new InvalidOperationException("Not started.");

    /// <summary>What the server printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return string.Join('\n', _output);
            }
        }
    }

    /// <summary>Starts it, or starts it again after <see cref="Kill"/>, and returns when it answers.</summary>
    public async Task StartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            Launch();
            try
            {
                await WaitUntilItAnswersAsync();
                return;
            }
            catch (Exception e) when (e is not (OperationCanceledException or TimeoutException) && attempt < 3)
            {
                Kill();
            }
        }
    }

    /// <summary>Starts it without waiting for it to answer.</summary>
    public void Launch()
    {
        if (IsRunning)
        {
            return;
        }

        var start = Command();
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.WorkingDirectory = Folder;

        // What a server prints must not depend on the locale of the machine.
        start.Environment["LC_ALL"] = "C.UTF-8";
        _process = Process.Start(start) ?? throw new InvalidOperationException($"Could not start {start.FileName}.");
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Running[this] = true;
    }

    /// <summary>kill -9, and waits until the process is gone.</summary>
    public void Kill()
    {
        KillNow();
        _process?.WaitForExit();
        Running.TryRemove(this, out _);
    }

    /// <summary>SIGTERM, and waits until the process has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync(TimeSpan atMost)
    {
        ProcessSignal.Send(ProcessId, ProcessSignal.Terminate);
        using var limit = new CancellationTokenSource(atMost);
        await _process!.WaitForExitAsync(limit.Token);
        Running.TryRemove(this, out _);
        return _process.ExitCode;
    }

    /// <summary>Sends SIGSTOP and waits until every thread has stopped: connections stay open, and no request is answered.</summary>
    public void Pause()
    {
        ProcessSignal.Send(ProcessId, ProcessSignal.Stop);
        Assert.True(SpinWait.SpinUntil(HasStopped, TimeSpan.FromMinutes(1)), $"{GetType().Name} does not stop.");
    }

    /// <summary>SIGCONT.</summary>
    public void Resume() => ProcessSignal.Send(ProcessId, ProcessSignal.Continue);

    public virtual ValueTask DisposeAsync()
    {
        Kill();
        _process?.Dispose();
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException)
        {
            // The folder lies under TMPDIR, which tests/run.sh clears.
        }

        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected abstract ProcessStartInfo Command();

    /// <summary>Forgets what earlier runs printed.</summary>
    protected void ForgetOutput()
    {
        lock (_output)
        {
            _output.Clear();
        }
    }

    protected abstract Task<bool> AnswersAsync(CancellationToken cancellationToken);

    private async Task WaitUntilItAnswersAsync() => await Eventually.BecomesTrueAsync(
        async () =>
        {
            if (!IsRunning)
            {
                throw new InvalidOperationException($"{GetType().Name} on port {Port} ended at once: {Output}");
            }

            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                return await AnswersAsync(limit.Token);
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                return false;
            }
        },
        $"{GetType().Name} on port {Port} answers",
        StartLimit);

    // man 5 proc: the state follows the command's name, which is in parentheses. A thread that has ended has stopped as well.
    private bool HasStopped() => Directory.GetDirectories($"/proc/{ProcessId}/task").All(thread =>
    {
        try
        {
            var status = File.ReadAllText(Path.Combine(thread, "stat"));
            return status.AsSpan(status.LastIndexOf(')') + 2)[0] is 'T' or 't';
        }
        catch (IOException)
        {
            return true;
        }
    });

    private static void KillAll()
    {
        foreach (var server in Running.Keys)
        {
            server.KillNow();
        }
    }

    private void KillNow()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
        }
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                _output.Add(line);
                if (_output.Count > 500)
                {
                    _output.RemoveRange(0, 100);
                }
            }
        }
    }
}
