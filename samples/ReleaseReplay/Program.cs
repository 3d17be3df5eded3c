using ReleaseReplay.Cluster;
using ReleaseReplay.Pods;
using ReleaseReplay.Runs;

// The same program is every pod, and the supervisor that starts them.
if (args is ["pod"])
{
    return await PodProgram.RunAsync();
}

if (ReplaySettings.Read(args, out var mistake) is not { } settings)
{
    Console.Error.WriteLine(mistake);
    Console.WriteLine(ReplaySettings.Usage);
    return 1;
}

var signals = Children.EndAtSignals();
try
{
    return await Replay.RunAsync(settings);
}
catch (ReplayException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
finally
{
    foreach (var signal in signals)
    {
        signal.Dispose();
    }
}
