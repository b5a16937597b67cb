"""The conversation on the screen.

What is where:

    chat_view                      messages one below the other
    message_view, question_view    one message;  answer_parts, tool_card, thought_fold: its parts
    markdown*                      words to blocks, as they stream
    text_block, code_block, table_block    one block each; block_column stacks them
    trickle                        collects words, so that a fast stream costs little
"""
