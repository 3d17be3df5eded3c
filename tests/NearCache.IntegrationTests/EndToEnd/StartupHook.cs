using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NearCache;

/// <summary>
/// What .NET runs in a sample before its Main when <c>DOTNET_STARTUP_HOOKS</c> names this assembly: its cache joins and counts the members
/// at once, so that no test waits two minutes for the budget of a fleet that has counted itself.
/// </summary>
/// <remarks>Called by the runtime, which requires this name outside of any namespace.</remarks>
internal static class StartupHook
{
    public static void Initialize() => DiagnosticListener.AllListeners.Subscribe(new Observer<DiagnosticListener>(listener =>
    {
        if (listener.Name == "Microsoft.Extensions.Hosting")
        {
            listener.Subscribe(new Observer<KeyValuePair<string, object?>>(raised =>
            {
                if (raised is { Key: "HostBuilding", Value: IHostBuilder host })
                {
                    host.ConfigureServices((_, services) => services.PostConfigureAll<NearCacheOptions>(TrustFirstCount));
                }
            }));
        }
    }));

    private static void TrustFirstCount(NearCacheOptions options)
    {
        options.Seams.TrustFirstCount = true;
        options.Seams.MembershipSpeed = 20;
    }

    private sealed class Observer<T>(Action<T> onNext) : IObserver<T>
    {
        public void OnNext(T value) => onNext(value);

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
