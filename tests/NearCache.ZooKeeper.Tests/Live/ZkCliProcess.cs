using System.Diagnostics;
using System.Text;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.ZooKeeper.Tests.Live;

/// <summary>The command-line client of the distribution: commands in, output out.</summary>
internal sealed class ZkCliProcess : IAsyncDisposable
{
    private const string Jars = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar";
    private static readonly Encoding Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ZkCliProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static ZkCliProcess Start(string connectionString)
    {
        Require.ZooKeeper();
        string[] arguments =
        [
            "-cp",
            Jars,
            "-Dfile.encoding=UTF-8",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
            "-Djline.terminal=jline.UnsupportedTerminal",
            "org.apache.zookeeper.ZooKeeperMain",
            "-server",
            connectionString,
        ];
        var start = new ProcessStartInfo("java", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Encoding,
            StandardOutputEncoding = Encoding,
            StandardErrorEncoding = Encoding,
        };

        // Java encodes its standard streams by the locale, which has only ASCII on a machine without LANG.
        start.Environment["LC_ALL"] = "C.UTF-8";
        return new ZkCliProcess(Process.Start(start)!);
    }

    /// <summary>Sends a command and waits for a text in its output.</summary>
    /// <returns>The output since the command.</returns>
    public async Task<string> SendAsync(string command, string until)
    {
        int start;
        lock (_output)
        {
            start = _output.Length;
        }

        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
        return await WaitForOutputAsync(until, start);
    }

    /// <summary>Waits for a text in the output.</summary>
    public async Task<string> WaitForOutputAsync(string until, int start = 0)
    {
        var heard = "";
        await Eventually.BecomesTrueAsync(
            () =>
            {
                lock (_output)
                {
                    heard = _output.ToString(start, _output.Length - start);
                }

                return heard.Contains(until, StringComparison.Ordinal) ? true
                    : _process.HasExited ? throw new InvalidOperationException($"The shell ended: {_output}") : false;
            },
            $"the shell prints '{until}'");
        return heard;
    }

    public ValueTask DisposeAsync()
    {
        _process.Kill();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
