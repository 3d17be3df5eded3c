using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace ReleaseReplay.Cluster;

/// <summary>
/// One pod under its kubelet: starts the process, probes it, restarts it with a back-off, and ends it with SIGTERM and, after the grace
/// time, SIGKILL.
/// </summary>
internal sealed class Pod : IAsyncDisposable
{
    private readonly string _program;
    private readonly ClusterTimes _times;
    private readonly HttpClient _probes;
    private readonly CancellationTokenSource _removing = new();
    private readonly int _port;
    private readonly Task _life;
    private volatile PodState _state = PodState.Starting;
    private volatile string _lastError = "";
    private Process? _process;

    public Pod(string name, PodSpec spec, PodNetwork network, string program, ClusterTimes times)
    {
        (Name, Spec, Network, _program, _times) = (name, spec, network, program, times);
        _port = Ports.Free();
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}"));
        _probes = new HttpClient { BaseAddress = Address, Timeout = times.ProbeTimeout };
        _life = Task.Run(LiveAsync);
    }

    public string Name { get; }

    public PodSpec Spec { get; }

    public PodNetwork Network { get; }

    public Uri Address { get; }

    /// <summary>The state. A pod that is being removed stays <see cref="PodState.Terminating"/> until it is gone.</summary>
    public PodState State => _removing.IsCancellationRequested ? PodState.Terminating : _state;

    /// <summary>How often the process was started again.</summary>
    public int Restarts { get; private set; }

    /// <summary>The last line that the process wrote to its standard error; empty if there is none.</summary>
    public string LastError => _lastError;

    /// <summary>Whether there is a process, which may have connections.</summary>
    public bool HasProcess => Volatile.Read(ref _process) is not null;

    /// <summary>Removes the pod: takes it out of service, waits, and ends the process within the grace time.</summary>
    public async Task RemoveAsync()
    {
        await _removing.CancelAsync();
        await _life;
    }

    public async ValueTask DisposeAsync()
    {
        await RemoveAsync();
        _probes.Dispose();
        _removing.Dispose();
    }

    private async Task LiveAsync()
    {
        var backOff = ClusterTimes.FirstBackOff;
        while (!_removing.IsCancellationRequested)
        {
            var clock = Stopwatch.StartNew();
            using var process = Start();
            Volatile.Write(ref _process, process);
            await RunAsync(process);
            _state = PodState.NotReady;
            if (_removing.IsCancellationRequested)
            {
                await Task.Delay(_times.PreStop);
            }

            await EndAsync(process);
            Children.Remove(process);
            Volatile.Write(ref _process, null);
            backOff = clock.Elapsed > ClusterTimes.BackOffReset ? ClusterTimes.FirstBackOff : backOff;
            if (!_removing.IsCancellationRequested)
            {
                _state = PodState.CrashLoopBackOff;
                Restarts++;
                await Task.Delay(backOff, _removing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                backOff = backOff * 2 < ClusterTimes.LongestBackOff ? backOff * 2 : ClusterTimes.LongestBackOff;
            }
        }
    }

    // Returns when the process has ended, when a probe has failed too often, or when the pod is removed.
    private async Task RunAsync(Process process)
    {
        _state = PodState.Starting;
        var (isStarted, failures) = (false, 0);
        using var timer = new PeriodicTimer(ClusterTimes.ProbePeriod);
        while (!process.HasExited && !_removing.IsCancellationRequested)
        {
            var isAlive = await ProbeAsync("/health/live");
            failures = isAlive ? 0 : failures + 1;
            isStarted |= isAlive;
            if (failures >= (isStarted ? ClusterTimes.LivenessFailures : _times.StartupFailures))
            {
                return;
            }

            if (isStarted)
            {
                _state = await ProbeAsync("/health/ready") ? PodState.Ready : PodState.NotReady;
            }

            try
            {
                await timer.WaitForNextTickAsync(_removing.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<bool> ProbeAsync(string path)
    {
        try
        {
            using var answer = await _probes.GetAsync(new Uri(path, UriKind.Relative), _removing.Token);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo("dotnet", [_program, "pod"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Spec.Environment)
        {
            start.Environment[name] = value;
        }

        foreach (var (name, value) in Network.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["ASPNETCORE_URLS"] = Address.ToString();
        start.Environment["POD_NAME"] = Name;
        start.Environment["NODE_NAME"] = Network.Node;
        start.Environment["NODE_IP"] = Network.NodeAddress;
        var process = Children.Start(start);

        // Read, so that the process never waits for the pipe; the logs of pods are not shown.
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => _lastError = string.IsNullOrWhiteSpace(line.Data) ? _lastError : line.Data.Trim();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task EndAsync(Process process)
    {
        if (!process.HasExited)
        {
            _ = SendSignal(process.Id, 15);
            using var grace = new CancellationTokenSource(_times.Grace);
            await process.WaitForExitAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync();
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int processId, int signal);
}
