using System.Diagnostics;
using System.Runtime.CompilerServices;
using NearCache.TestSupport.Servers;

namespace NearCache.Memcached.Tests.Faults;

public sealed class CrashingClientTests(ITestOutputHelper output)
{
    private const string Setting = "NEARCACHE_CRASH_AT";

    [Fact]
    public async Task Processes_that_crash_in_a_loop_leave_no_connection_at_the_server()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        var most = 0;
        for (var crash = 0; crash < 6; crash++)
        {
            var start = new ProcessStartInfo("dotnet", [typeof(CrashingClientTests).Assembly.Location])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            start.Environment[Setting] = server.Address;
            using var process = Process.Start(start)!;
            var clock = Stopwatch.StartNew();
            while (!process.HasExited && clock.Elapsed < TimeSpan.FromSeconds(60))
            {
                most = Math.Max(most, TcpTable.EstablishedAt(server.Port));
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            }

            if (!process.HasExited)
            {
                process.Kill();
                Assert.Fail("It did not crash within 60 s.");
            }

            Assert.Equal(128 + 9, process.ExitCode);
        }

        await TestSupport.Eventually.BecomesTrueAsync(() => TcpTable.EstablishedAt(server.Port) == 0, "the server has none");
        output.WriteLine($"[FIGURE] 6 processes crash one after the other under load | connections at the server: most {most}, after 0");
        Assert.InRange(most, 1, 1);
    }

#pragma warning disable CA2255 // This assembly is a program: started with the setting it is the client that crashes, and runs no test.
    [ModuleInitializer]
    internal static void CrashIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Setting) is { } address)
        {
            var client = new MemcachedClient(FaultLoad.Options(address));

            // Other threads may not enter this assembly before its initializer has ended: all calls are made from here.
            var calls = new Task[16];
            for (var i = 0; i < 200; i++)
            {
                for (var caller = 0; caller < calls.Length; caller++)
                {
                    calls[caller] = client.SetAsync($"crash:{caller}", new byte[100]).AsTask();
                }

                try
                {
                    Task.WhenAll(calls).GetAwaiter().GetResult();
                }
                catch (MemcachedException)
                {
                    // A busy machine may let calls time out. The process crashes under load all the same.
                }
            }

            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }
#pragma warning restore CA2255
}
