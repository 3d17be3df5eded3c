using System.Buffers;
using System.Buffers.Text;

namespace NearCache.Memcached.Protocol;

/// <summary>Writes the line of a command. On the wire, the value of a set and its line end follow.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Meta Commands"
// mg <key> <flags>*\r\n
// ms <key> <datalen> <flags>*\r\n<data>\r\n
// md <key> <flags>*\r\n
// ma <key> <flags>*\r\n
// mn\r\n
internal static class MetaCommandWriter
{
    /// <summary>
    /// The maximum length of a line: 3 + 250 for name and key, 11 for the length, and fewer than 20 flags of at most 22 bytes.
    /// </summary>
    public const int MaxLineLength = 640;

    /// <summary>Writes the line of <paramref name="command"/> with the given key, and returns its length.</summary>
    /// <param name="command">The command, which has been validated.</param>
    /// <param name="key">The bytes of the key; written as base64 if the command has a binary key.</param>
    /// <param name="opaque">The number that the reply repeats (O), or null.</param>
    /// <param name="output">The output, at least <see cref="MaxLineLength"/> bytes.</param>
    public static int Write(in MetaCommand command, ReadOnlySpan<byte> key, ulong? opaque, Span<byte> output)
    {
        var line = new Line(output);
        switch (command.Kind)
        {
            case MetaCommandKind.Get:
                line.Start("mg "u8, key, command.IsBinaryKey);
                WriteReturned(ref line, MetaRules.FieldsOf(command));
                line.Flag('N', command.Vivify);
                line.Flag('R', command.Recache);
                line.Flag('u', command.IsPeek);
                break;
            case MetaCommandKind.Set:
                line.Start("ms "u8, key, command.IsBinaryKey, command.Value.Length);
                WriteReturned(ref line, MetaRules.FieldsOf(command));
                line.Flag('F', command.ClientFlags, command.ClientFlags != 0);
                WriteMode(ref line, command.Mode);
                line.Flag('I', command.Invalidate);
                break;
            case MetaCommandKind.Delete:
                line.Start("md "u8, key, command.IsBinaryKey);
                line.Flag('I', command.Invalidate);
                break;
            case MetaCommandKind.Arithmetic:
                line.Start("ma "u8, key, command.IsBinaryKey);
                WriteReturned(ref line, MetaRules.FieldsOf(command));
                line.Flag('D', command.Delta, condition: true);
                line.Flag('J', command.Initial, command.Vivify is not null);
                line.Flag('N', command.Vivify);
                if (command.Decrement)
                {
                    line.Text(" MD"u8);
                }

                break;
            default:
                line.Text("mn"u8);
                line.Text("\r\n"u8);
                return line.Length;
        }

        line.Flag('T', command.TimeToLive);
        line.Flag('C', command.CompareCas.GetValueOrDefault(), command.CompareCas is not null);
        line.Flag('O', opaque.GetValueOrDefault(), opaque is not null);
        line.Text("\r\n"u8);
        return line.Length;
    }

    private static void WriteReturned(ref Line line, MetaFields fields)
    {
        if (fields == MetaFields.Value)
        {
            line.Text(" v"u8);
            return;
        }

        line.Flag('v', (fields & MetaFields.Value) != 0);
        line.Flag('f', (fields & MetaFields.ClientFlags) != 0);
        line.Flag('c', (fields & MetaFields.Cas) != 0);
        line.Flag('t', (fields & MetaFields.TimeToLive) != 0);
        line.Flag('l', (fields & MetaFields.LastAccess) != 0);
        line.Flag('s', (fields & MetaFields.Size) != 0);
        line.Flag('h', (fields & MetaFields.WasHit) != 0);
    }

    private static void WriteMode(ref Line line, MetaSetMode mode)
    {
        switch (mode)
        {
            case MetaSetMode.Add:
                line.Text(" ME"u8);
                break;
            case MetaSetMode.Replace:
                line.Text(" MR"u8);
                break;
            case MetaSetMode.Append:
                line.Text(" MA"u8);
                break;
            case MetaSetMode.Prepend:
                line.Text(" MP"u8);
                break;
        }
    }

    private ref struct Line(Span<byte> output)
    {
        private readonly Span<byte> _output = output;

        public int Length { get; private set; }

        public void Start(ReadOnlySpan<byte> name, ReadOnlySpan<byte> key, bool isBinary, int dataLength = -1)
        {
            Text(name);
            if (isBinary)
            {
                var status = Base64.EncodeToUtf8(key, _output[Length..], out _, out var written);
                Length += status == OperationStatus.Done ? written : throw new InvalidOperationException("The key was not validated.");
            }
            else
            {
                Text(key);
            }

            if (dataLength >= 0)
            {
                _output[Length++] = (byte)' ';
                Number((ulong)dataLength);
            }

            if (isBinary)
            {
                Text(" b"u8);
            }
        }

        public void Text(ReadOnlySpan<byte> text)
        {
            text.CopyTo(_output[Length..]);
            Length += text.Length;
        }

        public void Flag(char flag, bool condition)
        {
            if (condition)
            {
                _output[Length] = (byte)' ';
                _output[Length + 1] = (byte)flag;
                Length += 2;
            }
        }

        public void Flag(char flag, ulong value, bool condition)
        {
            if (condition)
            {
                Flag(flag, condition: true);
                Number(value);
            }
        }

        public void Flag(char flag, int? value)
        {
            if (value is { } number)
            {
                Flag(flag, condition: true);
                Length += Utf8Formatter.TryFormat(number, _output[Length..], out var written)
                    ? written
                    : throw new InvalidOperationException("The output is too small.");
            }
        }

        private void Number(ulong value) =>
            Length += Utf8Formatter.TryFormat(value, _output[Length..], out var written)
                ? written
                : throw new InvalidOperationException("The output is too small.");
    }
}
