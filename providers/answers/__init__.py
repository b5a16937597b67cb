"""What an answer is made of, whatever the format: read event by event, or refused.

tool_calls       pieces to whole calls
refusals         what services say when they say no, in whichever shape
signs            what that means: the table that tells the kinds of problems apart
refused_fields   what a model does not take, found in a refusal
reader           `AnswerReader`: what each format fills in, and `AnswerLog`, which counts, limits and ends
live             an answer that is read as it arrives
"""
