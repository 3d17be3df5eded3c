using System.Collections.Concurrent;
using System.Net.Sockets;

namespace ReleaseReplay.Pods;

/// <summary>
/// The client of the outage, in forty lines: its pool grows whenever callers wait, callers wait on their threads, and a connection that
/// timed out is left to the garbage collector.
/// </summary>
internal sealed class NaiveClient(string server)
{
    private const int TimeoutMilliseconds = 250;
    private readonly ConcurrentBag<TcpClient> _idle = [];

    public string? Get(string key) => Ask($"get {key}\r\n", reader =>
    {
        string? value = null;
        while (reader.ReadLine() is { } line && line != "END")
        {
            value = line.StartsWith("VALUE ", StringComparison.Ordinal) ? reader.ReadLine() : value;
        }

        return value;
    });

    public string? Set(string key, string value, TimeSpan lifetime) =>
        Ask($"set {key} 0 {(int)lifetime.TotalSeconds} {value.Length}\r\n{value}\r\n", reader => reader.ReadLine());

    private string? Ask(string command, Func<StreamReader, string?> read)
    {
        if (!_idle.TryTake(out var connection))
        {
            try
            {
                connection = new TcpClient(server.Split(':')[0], int.Parse(server.Split(':')[1], null));
            }
            catch (SocketException e)
            {
                throw new IOException("memcached cannot be reached.", e);
            }
        }

        var stream = connection.GetStream();
        stream.ReadTimeout = stream.WriteTimeout = TimeoutMilliseconds;
        stream.Write(System.Text.Encoding.ASCII.GetBytes(command));
        var answer = read(new StreamReader(stream));
        _idle.Add(connection);
        return answer;
    }
}
